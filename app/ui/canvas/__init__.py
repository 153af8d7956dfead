"""The node editor: the plan as blocks and links that can be dragged, joined and cut."""

from app.ui.canvas import accessible
from app.ui.canvas.canvas import Canvas

__all__ = ["Canvas"]

accessible.install()
