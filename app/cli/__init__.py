"""The command line: what `main.py` takes, and one module for each command's work and printing.

Nothing below knows it, and it knows no window but to open it. What a command computes belongs to
the layers below; here it is only read from arguments and files, printed, and refused in words.
"""
