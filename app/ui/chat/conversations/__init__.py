"""Conversations as they are kept, listed, and carried to other programs."""
