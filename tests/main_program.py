"""Calls `main.py` as scripts do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def call(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """How it ended in a folder, and what it printed."""
    # no display, whatever the tests run under
    no_display = {k: v for k, v in os.environ.items() if "DISPLAY" not in k and "QPA" not in k}
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *arguments],
        cwd=folder,
        env=no_display,
        capture_output=True,
        text=True,
        timeout=120,
    )


def answer(*arguments: str) -> dict[str, Any]:
    """The JSON object that a command which must succeed prints."""
    done = call(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def complaint(*arguments: str, status: int = 1) -> str:
    """What a command which must fail says, in one or two lines."""
    done = call(*arguments)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert 1 <= len(done.stderr.strip().splitlines()) <= 2
    return done.stderr
