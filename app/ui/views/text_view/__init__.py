"""The text view: the plan as layerBlocks text that can be edited beside the canvas."""

from app.ui.views.text_view.panel import TextPanel

__all__ = ["TextPanel"]
