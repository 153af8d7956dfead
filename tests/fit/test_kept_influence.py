"""Influence kept between runs: found again, and only for what it was measured on."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.engine.measuring.results import Influence
from app.fit.kept_influence import keep_influence, kept_influence
from app.model_files.model_file import ModelFile
from app.model_files.sources import read_sources
from tests.model_files.tiny import TinyModel, write_tiny

MEASURED = Influence((0.5, 0.125, 0.25, 1.0), 77, 12.5)


@pytest.fixture
def models(tmp_path: Path) -> tuple[ModelFile, ...]:
    return read_sources([write_tiny(tmp_path / "tiny.gguf", TinyModel(n_layers=4))])


def test_what_was_measured_is_found_again(models: tuple[ModelFile, ...], tmp_path: Path) -> None:
    assert kept_influence(models, "text", tmp_path) is None
    keep_influence(models, "text", MEASURED, tmp_path)
    assert kept_influence(models, "text", tmp_path) == MEASURED
    assert kept_influence(models, "other text", tmp_path) is None


def test_a_copy_of_the_file_is_the_same_and_a_changed_one_is_another(
    models: tuple[ModelFile, ...], tmp_path: Path
) -> None:
    keep_influence(models, "text", MEASURED, tmp_path)
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(models[0].path.read_bytes())
    assert kept_influence(read_sources([copy]), "text", tmp_path) == MEASURED
    content = bytearray(copy.read_bytes())
    content[-1] ^= 1
    copy.write_bytes(content)
    assert kept_influence(read_sources([copy]), "text", tmp_path) is None
    tuned = write_tiny(tmp_path / "tuned.gguf", TinyModel(n_layers=4, seed=1))
    assert tuned.stat().st_size == models[0].size_bytes
    assert kept_influence(read_sources([tuned]), "text", tmp_path) is None


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"values": [1, 2], "n_tokens": 3, "tokens_per_s": 1}', b"\xff"]
)
def test_a_damaged_file_is_measured_anew(
    models: tuple[ModelFile, ...], tmp_path: Path, damage: bytes
) -> None:
    keep_influence(models, "text", MEASURED, tmp_path)
    [file] = tmp_path.glob("*.json")
    file.write_bytes(damage)
    assert kept_influence(models, "text", tmp_path) is None


def test_where_nothing_can_be_written_nothing_is_kept(
    models: tuple[ModelFile, ...], tmp_path: Path
) -> None:
    no_folder = tmp_path / "file"
    no_folder.write_text("in the way")
    keep_influence(models, "text", MEASURED, no_folder / "below")
    assert kept_influence(models, "text", no_folder / "below") is None
