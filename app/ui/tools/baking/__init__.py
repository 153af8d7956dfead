"""Baking: the plan written as an ordinary model file, from the window."""
