"""Texts to measure by, and what is said of files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.fit.errors import TextError
from app.fit.texts import MAX_TEXT_BYTES, calibration_text, read_text, sample_of


def test_the_bundled_text_is_there() -> None:
    text = calibration_text()
    assert len(text.split()) > 3000
    assert "def " in text and "User:" in text


def test_a_text_is_read_with_or_without_its_mark(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes("Füße\n".encode())
    assert read_text(file) == "Füße\n"
    file.write_bytes("Füße\n".encode("utf-8-sig"))
    assert read_text(file) == "Füße\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"GGUF\0\0\0\3", "binary data"),
        (b"caf\xe9 au lait", r"not UTF-8 text \(byte 3\)"),
        (b"x" * (MAX_TEXT_BYTES + 1), "larger than 64 MiB"),
    ],
    ids=["empty", "blank", "binary", "latin-1", "huge"],
)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes(content)
    with pytest.raises(TextError, match=said) as refused:
        read_text(file)
    assert str(file) in str(refused.value)


def test_what_is_not_there_or_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="No such file"):
        read_text(tmp_path / "absent.txt")
    with pytest.raises(TextError, match="folder"):
        read_text(tmp_path)


def test_a_sample_is_taken_from_all_over() -> None:
    lines = [
        f"This is line {n} of a text of many lines, each of the same length.\n" for n in range(99)
    ]
    text = "".join(lines)
    sample = sample_of(text, 3)
    assert len(text) / 4 < len(sample) < len(text) / 2.2
    kept = [n for n, line in enumerate(lines) if line in sample]
    assert kept[0] == 0 and kept[-1] > 80
    assert sample_of(text, 1) == sample_of(text, 0) == text
    assert sample_of("one line", 5) == "one line"
    in_one_line = "word " * 2000
    assert set(sample_of(in_one_line, 4).split()) == {"word"}
    assert len(sample_of("字" * 9000, 3)) == pytest.approx(3000, abs=700)
