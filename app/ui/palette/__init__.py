"""What can be added to a plan and found in it: the sidebar, the search popups, the templates."""

from app.ui.palette.sidebar import Palette

__all__ = ["Palette"]
