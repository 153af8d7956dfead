"""The inspector: the selected block's properties to read and to type."""

from app.ui.views.inspector.inspector import Inspector

__all__ = ["Inspector"]
