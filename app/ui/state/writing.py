"""Files that are written for the user: whole or not at all, and said where that fails."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from app.plan import files
from app.ui.state.file_versions import reason
from app.ui.state.tasks import in_thread
from app.ui.widgets import dialogs


async def write_or_tell(window: QWidget, path: Path, content: bytes) -> bool:
    """Whether the file was written; where it was not, the user has been told why."""
    try:
        await in_thread(files.save_bytes, path, content)
    except OSError as error:
        await dialogs.tell(
            window,
            f"“{path.name}” could not be saved.",
            f"{reason(error)} Save it under another name, or in another folder.",
        )
        return False
    return True
