"""Copies of unsaved plans on disk, so that a program that ends by force takes nothing with it.

Each running program has a folder of its own below the root, and holds a lock beside it: the
system drops the lock when the process ends, however it ends. A folder whose lock can be taken was
left behind. A plan is `3.txt`, layerBlocks text, with `3.json` for what the text does not say.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from app.plan import files
from app.plan.json_records import JsonError, lenient_record, parse


@dataclass(frozen=True, slots=True)
class Copy:
    """An unsaved plan: its text, the name it had, the file it belongs to, and when it was kept.

    `seen` is a digest of the file's content as the user knew it, '' for none.
    """

    text: str = ""
    name: str = ""
    path: str = ""
    seen: str = ""
    time: float = 0.0


class RecoveryFolder:
    """The copies of this program, and those that others left. Raises OSError where it says so.

    Any thread may call it, one at a time.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._own = root / f"{int(time.time())}-{os.urandom(4).hex()}"
        self._lock: IO[str] | None = None

    def write(self, key: str, copy: Copy) -> None:
        """Keep a copy in the place of the one before with this key. Raises OSError."""
        if self._lock is None:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = _locked(_lock_path(self._own))
        self._own.mkdir(exist_ok=True, mode=0o700)
        about = asdict(copy)
        text = about.pop("text")
        files.save(self._own / f"{key}.json", json.dumps(about))
        files.save(self._own / f"{key}.txt", text)

    def remove(self, key: str) -> None:
        """Drop a copy, if there is one."""
        for suffix in (".txt", ".json"):
            with contextlib.suppress(OSError):
                (self._own / f"{key}{suffix}").unlink(missing_ok=True)

    def close(self) -> None:
        """Drop all copies of this program."""
        if self._lock is not None:
            _drop(self._own, self._lock)
            self._lock = None

    def leftovers(self) -> list[Leftover]:
        """What programs that are no longer there left behind; an empty list where none did."""
        found = []
        with contextlib.suppress(OSError):
            for folder in sorted(p for p in self.root.iterdir() if p.is_dir() and p != self._own):
                with contextlib.suppress(OSError):
                    lock = _locked(_lock_path(folder))
                    copies = tuple(c for p in sorted(folder.glob("*.txt")) if (c := _copy(p)))
                    if copies:
                        found.append(Leftover(folder, lock, copies))
                    else:
                        _drop(folder, lock)
        return found


@dataclass(frozen=True, slots=True)
class Leftover:
    """What one program left; no other program is offered it while this one holds it."""

    folder: Path
    _lock: IO[str]
    copies: tuple[Copy, ...]

    def discard(self) -> None:
        """Delete it."""
        _drop(self.folder, self._lock)

    def release(self) -> None:
        """Leave it for the next start."""
        self._lock.close()


def _lock_path(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _locked(path: Path) -> IO[str]:
    """A lock that the system gives up with this process. Raises OSError when it is taken."""
    lock = path.open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise
    return lock


def _drop(folder: Path, lock: IO[str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.unlink(lock.name)
    lock.close()


def _copy(path: Path) -> Copy | None:
    try:
        text = files.text_in(files.read(path))
    except OSError:
        return None
    about: object = None
    with contextlib.suppress(OSError, JsonError):
        about = parse(path.with_suffix(".json").read_bytes())
    copy = lenient_record(Copy, about)
    return replace(copy, text=text, name=copy.name or path.stem)
