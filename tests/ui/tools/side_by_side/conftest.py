"""The whole window, to open the one of plans side by side."""

from tests.ui.window.conftest import bench, loop, session_loop, settings, tiny_model

__all__ = ["bench", "loop", "session_loop", "settings", "tiny_model"]
