"""The list view: the plan as rows in the order in which it runs, for keyboard and screen reader."""

from app.ui.views.list_view.panel import ListPanel

__all__ = ["ListPanel"]
