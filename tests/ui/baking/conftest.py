"""The asyncio loop that the program uses."""

from tests.ui.window.conftest import loop, session_loop

__all__ = ["loop", "session_loop"]
