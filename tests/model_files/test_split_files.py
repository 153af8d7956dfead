"""Models that are split into several files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from app.model_files.errors import ModelFileError
from app.model_files.reader import read_model_file
from tests.model_files.split import write_split
from tests.model_files.tiny import TinyModel, write_tiny


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "whole.gguf", TinyModel(n_layers=3))


@pytest.fixture
def parts(whole: Path, tmp_path: Path) -> list[Path]:
    return write_split(whole, tmp_path / "tiny.gguf", tensors_a_part=12)


def message_for(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        read_model_file(path)
    return str(caught.value)


def test_the_first_part_stands_for_all(whole: Path, parts: list[Path]) -> None:
    assert [part.name for part in parts] == [f"tiny-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    model = read_model_file(parts[0])
    assert [part.path for part in model.parts] == parts
    assert model.path == parts[0]
    assert model.size_bytes == sum(part.stat().st_size for part in parts)
    assert replace(model, parts=()) == replace(read_model_file(whole), parts=())


def test_a_change_of_any_part_is_noticed(parts: list[Path]) -> None:
    model = read_model_file(parts[0])
    assert not model.has_changed()
    os.utime(parts[2], ns=(0, 1))
    assert model.has_changed()
    assert not read_model_file(parts[0]).has_changed()


def test_a_missing_part_is_named(parts: list[Path]) -> None:
    parts[1].unlink()
    assert "part 2, “tiny-00002-of-00003.gguf”, is missing" in message_for(parts[0])


def test_a_later_part_names_the_first(parts: list[Path]) -> None:
    message = message_for(parts[1])
    assert "part 2 of 3" in message
    assert "Open its first part, “tiny-00001-of-00003.gguf”" in message


def test_a_part_must_keep_its_name(parts: list[Path], tmp_path: Path) -> None:
    renamed = parts[0].rename(tmp_path / "model.gguf")
    assert "must end in “-00001-of-00003.gguf”" in message_for(renamed)


def test_a_part_in_the_place_of_another_is_noticed(parts: list[Path]) -> None:
    parts[1].write_bytes(parts[2].read_bytes())
    assert "“tiny-00002-of-00003.gguf” is not part 2 of 3" in message_for(parts[0])


def test_a_damaged_part_is_named(parts: list[Path]) -> None:
    parts[2].write_bytes(parts[2].read_bytes()[:-64])
    assert "“tiny-00003-of-00003.gguf” is cut off: " in message_for(parts[0])


def test_parts_of_different_models_do_not_mix(parts: list[Path], tmp_path: Path) -> None:
    deeper = write_tiny(tmp_path / "deeper.gguf", TinyModel(n_layers=4))
    others = write_split(deeper, tmp_path / "other.gguf", tensors_a_part=14)
    assert len(others) == 3
    parts[2].write_bytes(others[2].read_bytes())
    message = message_for(parts[0])
    assert "do not belong together" in message
    assert "the 30 different tensors" in message


def test_an_impossible_number_of_parts(parts: list[Path]) -> None:
    content = parts[0].read_bytes()
    end = content.index(b"split.count") + len(b"split.count") + 4
    parts[0].write_bytes(content[:end] + b"\xff\xff" + content[end + 2 :])
    assert "“split.count” is not a number of parts" in message_for(parts[0])
