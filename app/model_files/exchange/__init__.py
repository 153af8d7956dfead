"""Plans in the forms of other programs: mergekit's YAML and lists of layers, in and out."""
