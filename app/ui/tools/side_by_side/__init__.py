"""One prompt answered by several plans in columns beside each other."""
