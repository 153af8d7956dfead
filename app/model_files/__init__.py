"""GGUF files without their weights in memory: what they hold, where they lie, how they go together.

Nothing here runs a model or knows the engine; what has to be computed for a file is handed in.
"""
