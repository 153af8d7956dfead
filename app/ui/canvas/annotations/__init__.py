"""Frames and notes: the remarks that stand behind the blocks and run nothing."""
