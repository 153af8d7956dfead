"""How replies are made, as the user sets it."""
