"""Asking another plan what it would have said at each token of a reply."""
