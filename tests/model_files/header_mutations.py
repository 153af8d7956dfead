"""Model files with damaged headers, for fuzzing: `python -m tests.model_files.header_mutations
MODEL N` tries N of them, made from a small model, and prints what came of it as JSON.

Half the damage is done where the header's structure is, as a reader trusts it: lengths, counts,
types, whole entries; the other half anywhere.
"""

from __future__ import annotations

import json
import random
import resource
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from app.model_files.errors import ModelFileError
from app.model_files.gguf_header import read_header
from app.model_files.reader import read_source

_EXTREMES = (0, 1, 2, 7, 8, 9, 255, 4095, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)
_LARGE_EXTREMES = (*_EXTREMES, 1 << 32, 1 << 40, (1 << 62) + 1, (1 << 63) - 1, (1 << 64) - 1)


class Mutator:
    """Gives one damaged header after the other, always the same ones for a seed."""

    def __init__(self, model: Path, seed: int) -> None:
        self.size_bytes = model.stat().st_size
        with model.open("rb") as file:
            file.seek(4)
            header = read_header(file, self.size_bytes)
            file.seek(0)
            self.header = file.read(header.data_offset)
        self._random = random.Random(seed)
        self._entries = [(e.begin, e.end) for e in header.entries.values()]
        self._entries += [self._table_entry(t.name, len(t.shape)) for t in header.tensors]
        self._places = [4, 8, 12, 16, 20, *(place for e in self._entries for place in _inside(*e))]
        self._ways: tuple[Callable[[bytearray], None], ...] = (
            self._overwrite,
            self._overwrite,
            self._set_number,
            self._set_number,
            self._set_number,
            self._insert,
            self._delete,
            self._repeat_entry,
            self._swap_entries,
            self._cut,
        )

    def write_next(self, path: Path) -> None:
        """Write a file with a header damaged in one to four ways, and zeros for weights."""
        content = bytearray(self.header)
        ways = self._random.choices(self._ways, k=self._random.choice((1, 1, 1, 2, 3, 4)))
        for way in ways:
            way(content)
        size_bytes = len(content) if self._cut in ways else self.size_bytes
        # Never emptied first: a file system may wait for the disk then.
        with path.open("r+b") as file:
            file.write(content.ljust(2 * len(self.header), b"\0"))
            file.truncate(size_bytes)

    def _table_entry(self, name: str, n_dims: int) -> tuple[int, int]:
        begin = self.header.rindex(struct.pack("<Q", len(name)) + name.encode())
        return begin, begin + 8 + len(name) + 4 + 8 * n_dims + 4 + 8

    def _place(self, content: bytearray) -> int:
        if self._random.random() < 0.5:
            return min(self._random.choice(self._places), len(content))
        return self._random.randrange(4, max(5, len(content)))

    def _overwrite(self, content: bytearray) -> None:
        at = self._place(content)
        patch = self._random.randbytes(self._random.randint(1, 12))
        content[at : at + len(patch)] = patch

    def _set_number(self, content: bytearray) -> None:
        at = self._place(content)
        if self._random.random() < 0.5:
            content[at : at + 8] = struct.pack("<Q", self._random.choice(_LARGE_EXTREMES))
        else:
            content[at : at + 4] = struct.pack("<I", self._random.choice(_EXTREMES))

    def _insert(self, content: bytearray) -> None:
        at = self._place(content)
        content[at:at] = self._random.randbytes(self._random.randint(1, 40))

    def _delete(self, content: bytearray) -> None:
        at = self._place(content)
        del content[at : at + self._random.randint(1, 40)]

    def _repeat_entry(self, content: bytearray) -> None:
        begin, end = self._random.choice(self._entries)
        content[end:end] = content[begin:end]
        at = 8 if begin > self._entries[-1][0] // 2 else 16
        (n,) = struct.unpack_from("<Q", content.ljust(24, b"\0"), at)
        content[at : at + 8] = struct.pack("<Q", min(n + 1, (1 << 64) - 1))

    def _swap_entries(self, content: bytearray) -> None:
        one, other = sorted(self._random.sample(self._entries, 2))
        first, second = content[slice(*one)], content[slice(*other)]
        content[slice(*other)] = first
        content[slice(*one)] = second

    def _cut(self, content: bytearray) -> None:
        del content[self._place(content) :]


def _inside(begin: int, end: int) -> tuple[int, ...]:
    """Where an entry has a length, a type, a count or an offset."""
    return (begin, begin + 8, end - 20, end - 16, end - 12, end - 8, end - 4)


def is_read(path: Path) -> bool:
    """Whether a file was read; if not, it was refused in a sentence.

    Raises AssertionError for another refusal, and whatever the reader should not.
    """
    try:
        model = read_source(path)
    except ModelFileError as error:
        message = str(error)
        assert message.endswith(".")
        assert len(message) < 600
        assert message.isprintable()
        return False
    assert 0 < model.n_layers == len(model.layer_bytes) == len(model.n_head_kv)
    return True


def _main(model: Path, n_mutations: int) -> None:
    mutator = Mutator(model, seed=1)
    read_source(model)
    begin_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    longest_s, n_read = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "damaged.gguf")
        path.touch()
        for _ in range(n_mutations):
            mutator.write_next(path)
            begun = time.process_time()
            n_read += is_read(path)
            longest_s = max(longest_s, time.process_time() - begun)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - begin_kib
    print(json.dumps({"n_read": n_read, "longest_s": longest_s, "grown_kib": grown_kib}))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]))
