"""Writing model files: which tensors go where, then the copying, whole or not at all."""
