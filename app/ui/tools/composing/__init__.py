"""Composing: layers of several model files written into one, from the window."""
