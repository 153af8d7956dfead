"""Which layers matter, and which to leave out so that a plan fits into memory.

It asks the engine through its client and never loads a model itself.
"""
