"""What one sees of the open documents: their tabs, and what is said of files that changed."""
