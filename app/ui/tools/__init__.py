"""What measures, compares or writes the open plan: each a dialog or window of its own.

The base of their dialogs (`job_dialog`) and the table of results are here; what only one tool needs
is in its room. Tools may use the chat and the canvas, and nothing but the window uses them.
"""
