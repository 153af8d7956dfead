"""Saving replaces a plan whole or not at all; loading copes with whatever lies in the file."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Self

import pytest

from app.plan import files
from app.plan.writer import write_document
from tests.plan.test_round_trip import NOTE_MERGE


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "plan.txt"
    files.save(path, NOTE_MERGE)
    assert path.read_bytes() == NOTE_MERGE.encode()
    read = files.load(path)
    assert read.problems == ()
    assert read.plan is not None
    assert write_document(read.plan) == NOTE_MERGE
    assert os.listdir(tmp_path) == ["plan.txt"]


@pytest.mark.parametrize("step", ["write", "fsync", "replace", "chmod"])
def test_the_old_file_stays_whole_on_a_failure(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.txt"
    files.save(path, NOTE_MERGE)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if step == "write":
        real = os.fdopen

        def opened(handle: int, mode: str) -> object:
            file = real(handle, mode, buffering=0)

            class Full:
                write = staticmethod(full)

                def __enter__(self) -> Self:
                    return self

                def __exit__(self, *_: object) -> None:
                    file.close()

            return Full()

        monkeypatch.setattr(os, "fdopen", opened)
    else:
        monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space left"):
        files.save(path, "TotalLayers; 0\n")
    monkeypatch.undo()
    assert path.read_text() == NOTE_MERGE
    assert os.listdir(tmp_path) == ["plan.txt"]


@pytest.fixture(params=[0o027, 0o002, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_a_new_file_has_the_mode_that_open_gives_it_and_an_old_one_keeps_its_own(
    tmp_path: Path,
) -> None:
    path = tmp_path / "plan.txt"
    files.save(path, NOTE_MERGE)
    (tmp_path / "opened.txt").write_text("")
    assert mode(path) == mode(tmp_path / "opened.txt")
    for own in (0o604, 0o600, 0o666):
        path.chmod(own)
        files.save(path, NOTE_MERGE)
        assert mode(path) == own


@pytest.mark.usefixtures("umask")
def test_what_replaces_a_private_file_is_never_open_to_others(tmp_path: Path) -> None:
    path = tmp_path / "plan.txt"
    files.save(path, NOTE_MERGE)
    path.chmod(0o600)
    with files.put_in_place(path):
        (aside,) = tmp_path.glob(".plan.txt.*")
        assert mode(aside) == 0o600


@pytest.mark.usefixtures("umask")
def test_files_that_others_create_at_any_moment_of_a_save_have_their_mode(tmp_path: Path) -> None:
    (tmp_path / "opened.txt").write_text("")
    expected = mode(tmp_path / "opened.txt")
    modes: list[int] = []

    def at_each_line(frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:
        if frame.f_code.co_filename != files.__file__:
            return None
        handle = os.open(tmp_path / f"{len(modes)}", os.O_CREAT | os.O_EXCL, 0o666)
        modes.append(stat.S_IMODE(os.fstat(handle).st_mode))
        os.close(handle)
        return at_each_line

    before = sys.gettrace()
    sys.settrace(at_each_line)
    try:
        files.save(tmp_path / "plan.txt", NOTE_MERGE)
    finally:
        sys.settrace(before)
    assert len(modes) > 20
    assert set(modes) == {expected}


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("")
    (tmp_path / "link.txt").symlink_to("real.txt")
    files.save(tmp_path / "link.txt", NOTE_MERGE)
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == NOTE_MERGE


def test_what_a_killed_process_left_is_removed_by_the_next_save(tmp_path: Path) -> None:
    path = tmp_path / "plan [1].txt"
    other = tmp_path / ".plan 1.txt.abcdefgh.new"
    other.write_text("of another file")
    script = (
        "import os, signal, sys\n"
        "from app.plan.files import put_in_place\n"
        "with put_in_place(sys.argv[1]) as file:\n"
        "    file.write(b'half of it')\n"
        "    file.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)])
    (left,) = set(tmp_path.glob(".plan*.new")) - {other}
    assert left.read_text() == "half of it"
    with files.put_in_place(path) as file:
        file.write(NOTE_MERGE.encode())
        files.save(path, "TotalLayers; 0\n")
    assert path.read_text() == NOTE_MERGE, "what is still being written was taken away"
    assert set(os.listdir(tmp_path)) == {path.name, other.name}


def test_saving_into_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.save(tmp_path / "nowhere" / "plan.txt", NOTE_MERGE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings_are_coped_with(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.txt"
    path.write_bytes(("# Gemüse\r\n" + NOTE_MERGE).encode(encoding))
    read = files.load(path)
    assert read.problems == ()
    assert read.plan is not None
    assert read.plan.comments == ("# Gemüse",)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"GGUF\x03\0\0\0" + bytes(range(256)) * 40_000, "model file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not a plan"),
        (b"x" * (files.MAX_FILE_BYTES + 1), "larger than 8 MiB"),
        (b"", "empty"),
        (b"\xff\xfe\x00", "not a plan"),
    ],
)
def test_files_that_are_no_plans(raw: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.txt"
    path.write_bytes(raw)
    read = files.load(path)
    assert read.plan is None
    (problem,) = read.problems
    assert says in problem.message
    assert problem.fix


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.load(tmp_path / "plan.txt")
