"""A planned file as it is written: what gguf reads of it, and what failures leave behind."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFReader

from app.model_files.errors import ModelFileError
from app.model_files.parts import read_headers
from app.model_files.reader import read_model_file
from app.model_files.writing.entries import F32, entry, text_entry
from app.model_files.writing.planned import Computed, FileRange, PlannedFile, PlannedTensor
from app.model_files.writing.write import WriteProgress, WriteStopped, write
from tests.model_files.tiny import TinyModel, write_tiny


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "source.gguf", TinyModel(n_layers=3))


def copy_of(source: Path) -> PlannedFile:
    """The same file again, range by range."""
    ((part, header),) = read_headers(source)
    return PlannedFile(
        {
            name: FileRange(part, stored.begin, stored.end - stored.begin)
            for name, stored in header.entries.items()
        },
        tuple(
            PlannedTensor(
                t.name,
                t.shape,
                t.type_name,
                FileRange(part, header.data_offset + t.offset, t.n_bytes),
            )
            for t in header.tensors
        ),
        header.alignment,
    )


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("by_system", [True, False])
def test_a_copy_of_every_range_is_the_same_file(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_system: bool
) -> None:
    if not by_system:
        monkeypatch.delattr(os, "copy_file_range")
    assert write(copy_of(source), tmp_path / "out.gguf") == (tmp_path / "out.gguf",)
    assert (tmp_path / "out.gguf").read_bytes() == source.read_bytes()


def test_a_file_system_that_copies_nothing_by_itself_is_read_instead(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EXDEV, "another device")

    monkeypatch.setattr(os, "copy_file_range", refuse)
    write(copy_of(source), tmp_path / "out.gguf")
    assert (tmp_path / "out.gguf").read_bytes() == source.read_bytes()


def test_values_and_tensors_may_be_new(source: Path, tmp_path: Path) -> None:
    planned = copy_of(source)
    weights = np.arange(12, dtype=np.float32).reshape(3, 4)
    tensor = PlannedTensor(
        "new.weight", (4, 3), "F32", Computed(lambda: memoryview(weights), weights.nbytes)
    )
    metadata = {
        **planned.metadata,
        "general.name": text_entry("general.name", "Größer"),
        "test.words": text_entry("test.words", ["a", "", "ß"]),
        "test.numbers": entry("test.numbers", F32, (0.5, -1.0)),
    }
    write(replace(planned, metadata=metadata, tensors=(tensor,)), tmp_path / "out.gguf")
    reader = GGUFReader(tmp_path / "out.gguf")
    contents = {name: field.contents() for name, field in reader.fields.items()}
    assert contents["general.name"] == "Größer"
    assert contents["test.words"] == ["a", "", "ß"]
    assert contents["test.numbers"] == [0.5, -1.0]
    assert contents["tokenizer.ggml.merges"][0] == "t h"
    assert [t.name for t in reader.tensors] == ["new.weight"]
    assert np.array_equal(reader.tensors[0].data, weights)


def test_parts_are_read_as_one_model(source: Path, tmp_path: Path) -> None:
    planned = copy_of(source)
    limit = planned.tensor_bytes // 3
    paths = write(planned, tmp_path / "out.gguf", max_part_bytes=limit)
    assert len(paths) > 2
    assert paths[0].name == f"out-00001-of-0000{len(paths)}.gguf"
    model, whole = read_model_file(paths[0]), read_model_file(source)
    assert replace(model, parts=()) == replace(whole, parts=())
    assert [part.path for part in model.parts] == list(paths)
    for _, header in read_headers(paths[0]):
        assert sum(t.n_bytes for t in header.tensors) <= limit or len(header.tensors) == 1


def test_one_part_has_the_name_that_was_asked_for(source: Path, tmp_path: Path) -> None:
    assert write(copy_of(source), tmp_path / "o.gguf", max_part_bytes=1 << 30) == (
        tmp_path / "o.gguf",
    )


def test_parts_of_nothing_are_refused(source: Path, tmp_path: Path) -> None:
    there = files_in(tmp_path)
    with pytest.raises(ModelFileError, match="Parts cannot be 0 B"):
        write(copy_of(source), tmp_path / "o.gguf", max_part_bytes=0)
    assert files_in(tmp_path) == there


def test_progress_goes_on_to_the_end(source: Path, tmp_path: Path) -> None:
    told: list[WriteProgress] = []
    write(copy_of(source), tmp_path / "o.gguf", lambda p: told.append(p) is None)
    assert [p.fraction for p in told] == sorted(p.fraction for p in told)
    assert told[-1].fraction == 1
    assert told[-1].seconds_left == 0
    assert told[0].bytes_per_s > 0


def test_a_stopped_write_leaves_what_was_there(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.gguf"
    out.write_bytes(b"before")
    there = files_in(tmp_path)
    with pytest.raises(WriteStopped):
        write(copy_of(source), out, lambda p: p.fraction < 0.5, max_part_bytes=50_000)
    assert files_in(tmp_path) == there
    assert out.read_bytes() == b"before"


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1000)


def touch(path: Path) -> None:
    os.utime(path, ns=(0, 1))


def put_another_in_place(path: Path) -> None:
    status = path.stat()
    shutil.copy(path, path.with_suffix(".new"))
    os.utime(path.with_suffix(".new"), ns=(status.st_atime_ns, status.st_mtime_ns))
    path.with_suffix(".new").replace(path)


@pytest.mark.parametrize(
    ("change", "when"),
    [
        *((change, "before") for change in (cut_off, touch, Path.unlink)),
        *((change, "meanwhile") for change in (cut_off, touch, Path.unlink, put_another_in_place)),
    ],
)
def test_a_source_that_changes_is_noticed(
    source: Path, tmp_path: Path, change: Callable[[Path], None], when: str
) -> None:
    planned = copy_of(source)
    changes = iter([change])

    def on_progress(_: WriteProgress) -> bool:
        for now in changes:
            now(source)
        return True

    if when == "before":
        change(source)
    with pytest.raises(ModelFileError, match="was changed, moved or cut off"):
        write(planned, tmp_path / "o.gguf", on_progress)
    assert files_in(tmp_path) <= {"source.gguf"}


@pytest.mark.parametrize("link", [os.link, os.symlink, None])
def test_no_file_is_written_over_what_is_read(
    source: Path, tmp_path: Path, link: Callable[[Path, Path], None] | None
) -> None:
    before = source.read_bytes()
    out = tmp_path / "link.gguf" if link else source
    if link:
        link(source, out)
    with pytest.raises(ModelFileError, match="is one of the source files"):
        write(copy_of(source), out)
    assert source.read_bytes() == before


def test_what_cannot_be_written_is_said(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = copy_of(source)
    with pytest.raises(ModelFileError, match="is a folder"):
        write(planned, tmp_path)
    with pytest.raises(ModelFileError, match="There is no folder"):
        write(planned, tmp_path / "nowhere" / "o.gguf")
    with pytest.raises(ModelFileError, match="name too long"):
        write(planned, tmp_path / f"{'o' * 300}.gguf")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError, match="is not a regular file"):
        write(planned, tmp_path / "pipe")
    little = shutil._ntuple_diskusage(10**9, 10**9, 1000)  # type: ignore[attr-defined]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: little)
    with pytest.raises(ModelFileError, match="but only 0 MiB are free"):
        write(planned, tmp_path / "o.gguf")
    assert files_in(tmp_path) == {"source.gguf", "pipe"}


def test_a_disk_that_runs_full_leaves_nothing(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "copy_file_range", raising=False)
    write_some = os.write

    def run_full(out: int, data: memoryview) -> int:
        if os.lseek(out, 0, os.SEEK_CUR) > 100_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write_some(out, data)

    monkeypatch.setattr(os, "write", run_full)
    with pytest.raises(ModelFileError, match=r"No space left on device. Free some space"):
        write(copy_of(source), tmp_path / "o.gguf")
    assert files_in(tmp_path) == {"source.gguf"}
