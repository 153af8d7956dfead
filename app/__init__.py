"""Llama Blocks. `app/README.md` is the map: what lives where, and how data runs through it."""
