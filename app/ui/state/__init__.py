"""What the window knows and does, without a look: the open documents and the editor, the plans in
the engine, settings, memory figures, the open conversation, tasks. `services` builds all of it and
holds it in one record, which widgets take and whose signals they hear.

It may ask the user by a dialog of `widgets`, and imports none of the rooms above it.
"""
