"""Prints the seconds from STARTED_AT, a time.time(), to the window's first paint.

Run by the benchmark as a process of its own, since the start of Python counts:
`python -m tests.bench.first_paint STARTED_AT`.
"""

import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QSettings

from app.ui.application import show_window
from app.ui.state.settings import Settings

with tempfile.TemporaryDirectory() as folder:
    store = QSettings(str(Path(folder, "bench.ini")), QSettings.Format.IniFormat)
    window = show_window(Settings(store))
    print(time.time() - float(sys.argv[1]))
    window.hide()
