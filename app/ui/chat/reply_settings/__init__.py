"""How replies are made, as the user sets it: the panel, the dialog with all of it, presets."""
