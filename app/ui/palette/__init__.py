"""What can be added to a plan and found in it: the sidebar, the search popups, the templates.

A kind of block gives its own entry when it is registered; how it looks is for the canvas.
"""

from app.ui.palette.sidebar import Palette

__all__ = ["Palette"]
