"""The chat: what is said, the replies as they come, their settings, and the conversations.

What answers one prompt belongs here; what compares plans or their replies is a tool above it.
Nothing here knows of tools, files or the window.
"""
