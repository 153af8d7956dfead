"""The open plans as documents: their tabs, their files, and what guards them against loss."""

from app.ui.documents.documents import PATTERN, SAMPLES, Documents

__all__ = ["PATTERN", "SAMPLES", "Documents"]
