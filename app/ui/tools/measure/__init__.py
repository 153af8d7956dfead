"""What is measured of layers and plans: influence, perplexity, differences, and Fit."""
