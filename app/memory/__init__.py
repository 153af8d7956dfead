"""What a plan needs of memory, what the machine has, and what would help where it is short.

Sums over the tensor tables of model files, and the figures that the engine's dry runs give. It
loads nothing and asks no engine itself.
"""
