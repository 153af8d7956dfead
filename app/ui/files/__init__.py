"""Files as the user meets them: plans opened and saved, their tabs, the sources, import and export,
pictures and print. The open documents themselves, and what is known of their files, are state;
nothing here edits blocks.
"""
