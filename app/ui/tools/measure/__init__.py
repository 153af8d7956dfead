"""What is measured of layers and plans: influence, perplexity, differences, a sweep, and Fit."""
