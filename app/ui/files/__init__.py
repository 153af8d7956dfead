"""Files as the user meets them: plans opened and saved, their tabs, sources, import and export."""
