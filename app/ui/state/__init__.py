"""What the window knows and does, without a look: the open documents and the editor, the plan that
runs, settings, memory figures, tasks. Widgets hear its signals; it imports none of the rooms
above it."""
