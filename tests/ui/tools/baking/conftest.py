"""The asyncio loop that the program uses, and the whole window."""

from tests.ui.window.conftest import bench, loop, session_loop, settings, tiny_model

__all__ = ["bench", "loop", "session_loop", "settings", "tiny_model"]
