"""The model files that a plan names are found: where it says, by name, and moved or renamed."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.model_files.finding import find_source
from app.model_files.fingerprint import has_mark, mark_of
from tests.model_files.tiny import TinyModel, write_tiny


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    plans, models = tmp_path / "plans", tmp_path / "models"
    for folder in (plans, models):
        folder.mkdir()
    return plans, models


def test_the_named_path_comes_first(folders: tuple[Path, Path]) -> None:
    plans, _models = folders
    here, there = (
        write_tiny(folder / "a.gguf", TinyModel(seed=n)) for n, folder in enumerate(folders)
    )
    assert find_source("a.gguf", mark_of(there), plans, (there,)) == here
    assert find_source("../models/a.gguf", None, plans, ()) == plans / "../models/a.gguf"
    assert find_source(str(there), None, None, ()) == there
    assert find_source("a.gguf", None, None, (there,)) == there


def test_a_moved_file_is_found_by_its_name_beside_known_models(
    folders: tuple[Path, Path],
) -> None:
    plans, models = folders
    known = write_tiny(models / "known.gguf")
    moved = write_tiny(models / "a.gguf", TinyModel(seed=1))
    assert find_source("elsewhere/a.gguf", None, plans, (known,)) == moved
    assert find_source("b.gguf", None, plans, (known,)) is None
    assert find_source("a.gguf", None, None, ()) is None


def test_a_renamed_file_is_found_by_size_and_fingerprint(folders: tuple[Path, Path]) -> None:
    plans, models = folders
    known = write_tiny(models / "known.gguf")
    renamed = write_tiny(models / "renamed.gguf", TinyModel(seed=1))
    mark = mark_of(renamed)
    assert known.stat().st_size == renamed.stat().st_size
    assert find_source("a.gguf", mark, plans, (known,)) == renamed
    other = write_tiny(plans.parent / "a.gguf", TinyModel(seed=2))
    assert find_source("a.gguf", mark, plans, (other, known)) == renamed
    renamed.unlink()
    assert find_source("a.gguf", mark, plans, (other, known)) == other


def test_a_mark_tells_fine_tunes_of_one_size_apart(tmp_path: Path) -> None:
    base, fine_tune = (
        write_tiny(tmp_path / f"{seed}.gguf", TinyModel(seed=seed)) for seed in range(2)
    )
    assert has_mark(base, mark_of(base))
    assert not has_mark(fine_tune, mark_of(base))
    assert not has_mark(tmp_path / "none.gguf", mark_of(base))
