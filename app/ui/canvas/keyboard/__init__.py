"""What keys do on the canvas beyond single commands: walk, link, and work on parts of a block."""
