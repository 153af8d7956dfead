"""Files of which only the header is there, as if they were whole: for what reads no weights."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.model_files.gguf_header import CutOff, Damaged, UnsupportedVersion, read_header

_MAGIC = b"GGUF"


@contextmanager
def filled_up(paths: Sequence[Path]) -> Iterator[tuple[Path, ...]]:
    """The files; where one ends within its weights, a copy of its header in its place, followed by
    a hole of the weights' size, which takes no room on disk. The copies go with the block.

    Files that cannot be read at all are left as they are: whoever opens them says why.
    """
    with tempfile.TemporaryDirectory() as folder:
        yield tuple(_filled_up(path, Path(folder, str(n))) for n, path in enumerate(paths))


def _filled_up(path: Path, folder: Path) -> Path:
    try:
        size_bytes = path.stat().st_size
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                return path
            header = read_header(file, size_bytes)
            if not header.data_offset <= size_bytes < header.end:
                return path
            folder.mkdir()
            copy = folder / path.name
            file.seek(0)
            with copy.open("wb") as written:
                written.write(file.read(header.data_offset))
                written.truncate(header.end)
            return copy
    except (CutOff, Damaged, UnsupportedVersion, OSError):
        return path
