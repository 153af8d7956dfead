"""Model files that plans are baked into."""
