"""The plan beside the canvas: as text and as list, the selected block, problems, history."""
