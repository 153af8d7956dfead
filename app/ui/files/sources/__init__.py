"""The model files of the shown plan: found, listed, added, put into order and taken out."""
