"""Saved plans name their model files: near ones by the way to them, others by name and mark."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.model_files.finding import find_source
from app.model_files.fingerprint import mark_of
from app.model_files.naming import name_beside, named_for
from app.plan.document import Plan
from tests.model_files.tiny import TinyModel, write_tiny


def test_files_near_a_plan_are_named_from_it(tmp_path: Path) -> None:
    folder = tmp_path / "work" / "plans"
    assert name_beside(folder / "a.gguf", folder) == "a.gguf"
    assert name_beside(folder / "deep" / "a.gguf", folder) == "deep/a.gguf"
    assert name_beside(tmp_path / "work" / "models" / "a.gguf", folder) == "../models/a.gguf"
    assert name_beside(tmp_path / "other" / "a.gguf", folder) is None


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    found = {
        "bundled.gguf": tmp_path / "program" / "bundled.gguf",
        "near.gguf": tmp_path / "work" / "models" / "near.gguf",
        "far.gguf": tmp_path / "far" / "model.gguf",
        "farther.gguf": tmp_path / "farther" / "model.gguf",
    }
    for seed, path in enumerate(found.values()):
        path.parent.mkdir(parents=True)
        write_tiny(path, TinyModel(seed=seed))
    return found


def test_a_saved_plan_says_where_its_files_are_and_what_they_are_known_by(
    tmp_path: Path, files: dict[str, Path]
) -> None:
    folder = tmp_path / "work" / "plans"
    folder.mkdir()
    plan = Plan(sources=("bundled.gguf", "near.gguf", "far.gguf", "farther.gguf", "gone.gguf"))
    written = named_for(plan, files, folder, (files["bundled.gguf"],))
    farther = str(files["farther.gguf"])
    assert written.sources == (
        *("bundled.gguf", "../models/near.gguf", "model.gguf", farther, "gone.gguf"),
    )
    assert written.marks == {
        "../models/near.gguf": mark_of(files["near.gguf"]),
        "model.gguf": mark_of(files["far.gguf"]),
        farther: mark_of(files["farther.gguf"]),
    }
    for name, old in zip(written.sources[:4], plan.sources, strict=False):
        found = find_source(name, written.marks.get(name), folder, tuple(files.values()))
        assert found is not None
        assert found.samefile(files[old])


def test_a_far_file_is_not_mistaken_for_one_of_its_name_beside_the_plan(
    tmp_path: Path, files: dict[str, Path]
) -> None:
    folder = tmp_path / "work" / "plans"
    folder.mkdir()
    write_tiny(folder / "model.gguf", TinyModel(seed=9))
    written = named_for(Plan(sources=("far.gguf",)), files, folder, ())
    assert written.sources == (str(files["far.gguf"]),)
