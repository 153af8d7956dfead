"""Texts read through plans: perplexity, influence, and what another plan would have said."""
