"""Conversations in the window: the current one and the stored ones, their list, what can be done
with them, export and import. How they are stored is for `app.conversations`.
"""
