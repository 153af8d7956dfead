"""The native library's log is kept, as in the engine process: errors quote it."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True, scope="session")
def kept_log() -> None:
    from app.engine.native import keep_log

    keep_log(lambda line: None)
