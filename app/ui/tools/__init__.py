"""What measures, compares or writes the open plan: each a dialog or window of its own."""
