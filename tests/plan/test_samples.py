"""The plans that come with the program: each runs on the bundled model and says what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.plan import files
from app.plan.lowering import lower
from app.plan.muting import heard
from app.plan.writer import write_document

SAMPLES = sorted((Path(__file__).parents[2] / "plans").glob("*.txt"))
N_LAYERS = 30


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_has_no_problem_and_says_what_it_shows(path: Path) -> None:
    read = files.load(path, N_LAYERS)
    assert read.plan is not None
    assert read.problems == ()
    assert lower(heard(read.plan)).recipe.n_plan_layers > 0
    assert read.plan.comments
    assert all(len(line) <= 104 for line in read.plan.comments)
    again = files.plan_in(write_document(read.plan).encode())
    assert again.plan == read.plan


def test_there_are_samples() -> None:
    assert len(SAMPLES) >= 6
