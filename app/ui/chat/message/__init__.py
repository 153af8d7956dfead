"""A message as it is shown: laid out, coloured, marked, copied. It knows of no conversation."""
