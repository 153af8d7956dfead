"""The plans that come with the program: each runs on bundled files and says what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.inputs import n_weight_layers, sources
from app.plan import files
from app.plan.lowering import lower
from app.plan.muting import without_muted
from app.plan.writer import write_document

SAMPLES = sorted((Path(__file__).parents[2] / "plans").glob("*.txt"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_has_no_problem_and_says_what_it_shows(path: Path) -> None:
    n_layers = n_weight_layers(sources((), str(path)))
    read = files.load(path, n_layers)
    assert read.plan is not None
    assert read.problems == ()
    assert lower(without_muted(read.plan)).recipe.n_plan_layers > 0
    assert read.plan.comments
    assert all(len(line) <= 104 for line in read.plan.comments)
    again = files.plan_in(write_document(read.plan).encode())
    assert again.plan == read.plan


def test_there_are_samples() -> None:
    assert len(SAMPLES) >= 6
