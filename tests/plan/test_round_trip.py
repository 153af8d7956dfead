"""Whatever a plan holds, finished or not, its text gives it back; strict text says what runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from app.plan import edits
from app.plan.checks import check_plan
from app.plan.document import TOKENS, FileMark, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.lowering import lower
from app.plan.problem import PlanError, errors
from app.plan.reader import read_plan
from app.plan.writer import write_document, write_strict
from tests.plan.edited_plans import canonical, plans

NOTE_WHOLE = """\
WeightBlock; 0; 40; 0; -1
TotalLayers; 40
"""
NOTE_TWO_BLOCKS = """\
WeightBlock; 0; 20; 0; -1
WeightBlock; 20; 40; 40; 0
TotalLayers; 40
"""
NOTE_MERGE = """\
WeightBlock; 0; 20; 0; -1
WeightBlock; 20; 40; 20; 0
WeightBlock; 40; 60; 40; 0
MergeBlock; 1; 0.5; 2; 0.5
TotalLayers; 60
"""
SAMPLES = sorted((Path(__file__).parents[2] / "plans").glob("*.txt"))


@given(plans)
def test_reading_what_was_written_gives_the_plan(plan: Plan) -> None:
    text = write_document(plan)
    read = read_plan(text)
    assert read.plan == canonical(plan)
    assert write_document(read.plan) == text


@given(plans)
def test_a_plan_and_its_text_are_judged_alike(plan: Plan) -> None:
    of_plan = {(p.code, p.severity) for p in check_plan(canonical(plan), 30)}
    of_text = {(p.code, p.severity) for p in read_plan(write_document(plan), 30).problems}
    assert of_text == of_plan or (len(plan.blocks) > 30 and of_text)


@given(plans)
def test_strict_text_is_what_runs(plan: Plan) -> None:
    if errors(check_plan(plan)):
        with pytest.raises(PlanError):
            write_strict(plan)
        return
    strict = write_strict(plan)
    assert not errors(read_plan(strict).problems)
    assert "#" not in strict
    assert "\n\n" not in strict
    for line in strict.splitlines():
        if line.startswith("MergeBlock"):
            assert line.count(";") == 4
    again = read_plan(strict).plan
    assert again is not None
    assert write_strict(again) == strict


@pytest.mark.parametrize("text", [NOTE_WHOLE, NOTE_TWO_BLOCKS, NOTE_MERGE])
def test_the_notes_examples_round_trip_to_the_letter(text: str) -> None:
    read = read_plan(text)
    assert read.problems == ()
    assert read.plan is not None
    assert write_document(read.plan) == text
    assert write_strict(read.plan) == text
    assert lower(read.plan).recipe.text == text


def test_the_notes_merge_means_what_the_note_says() -> None:
    plan = read_plan(NOTE_MERGE).plan
    assert plan == Plan(
        {
            "b0": WeightBlock("b0", 0, 20, TOKENS),
            "b1": WeightBlock("b1", 20, 20, "b0"),
            "b2": WeightBlock("b2", 40, 20, "b0"),
            "b3": MergeBlock("b3", (MergeInput("b1", 0.5), MergeInput("b2", 0.5))),
        },
        "b3",
    )


def test_a_longer_merge_becomes_a_chain_in_strict_text() -> None:
    plan = read_plan(
        "WeightBlock; 0; 2; 0; -1\n"
        "MergeBlock; 0; 0.5; -1; 0.25; 0; 0.125; 0; -2\n"
        "WeightBlock; 2; 3; 2; 1\n"
        "TotalLayers; 3\n"
    ).plan
    assert plan is not None
    assert write_strict(plan) == (
        "WeightBlock; 0; 2; 0; -1\n"
        "MergeBlock; 0; 0.5; -1; 0.25\n"
        "MergeBlock; 1; 1; 0; 0.125\n"
        "MergeBlock; 2; 1; 0; -2\n"
        "WeightBlock; 2; 3; 2; 3\n"
        "TotalLayers; 3\n"
    )
    assert "MergeBlock; 0; 0.5; -1; 0.25; 0; 0.125; 0; -2\n" in write_document(plan)


def test_data_of_the_editor_and_comments_of_others_are_kept() -> None:
    text = (
        '#@ llama-blocks {"version": 1, "sources": ["a.gguf", "b.gguf"]}\n'
        "# by hand\n"
        'WeightBlock; 0; 22; 0; -1  #@ {"title": "First; #1", "at": [120, 40.5]}\n'
        "TotalLayers; 22\n"
    )
    read = read_plan(text)
    assert read.problems == ()
    assert read.plan is not None
    assert read.plan.sources == ("a.gguf", "b.gguf")
    assert read.plan.comments == ("# by hand",)
    assert read.plan.blocks["b0"].title == "First; #1"
    assert read.plan.blocks["b0"].position == (120.0, 40.5)
    assert write_document(read.plan) == text


def test_a_foreign_comment_behind_a_block_is_its_title_unless_it_has_one() -> None:
    plan = read_plan(
        "WeightBlock; 0; 2; 0; -1 # trunk\n"
        'WeightBlock; 2; 3; 2; 0 # tail #@ {"title": "End"}\n'
        "TotalLayers; 3 # all\n"
    ).plan
    assert plan is not None
    assert [b.title for b in plan.blocks.values()] == ["trunk", "End"]
    assert plan.comments == ("# tail", "# all")


def test_an_unfinished_plan_is_kept_in_drafts() -> None:
    plan = edits.whole_model(30)
    plan = edits.add_block(plan, WeightBlock("b1", 4, 2, "b0", title="After the output"))
    plan = edits.add_block(plan, MergeBlock("b2", (MergeInput("b1", 0.5), MergeInput(None, 0.5))))
    text = write_document(plan)
    assert text == (
        "WeightBlock; 0; 30; 0; -1\n"
        "TotalLayers; 30\n"
        '#@ draft {"weights": [4, 6], "input": 0, "title": "After the output"}\n'
        '#@ draft {"merge": [[1, 0.5], [null, 0.5]]}\n'
    )
    assert read_plan(text).plan == plan
    assert write_strict(plan) == "WeightBlock; 0; 30; 0; -1\nTotalLayers; 30\n"
    unlinked = edits.disconnect(plan, "b0", 0)
    assert '#@ draft {"weights": [0, 30], "output": true}' in write_document(unlinked)
    assert read_plan(write_document(unlinked)).plan == unlinked


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_samples_are_valid_and_written_as_the_editor_would(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert read_plan(text).problems == ()
    plan = read_plan(text).plan
    assert plan is not None
    assert plan.comments
    assert all(b.title for b in plan.blocks.values())
    assert write_document(plan) == text


def test_there_are_samples() -> None:
    assert "sample" in {path.stem for path in SAMPLES}
    assert len(SAMPLES) >= 6


def test_what_is_known_of_the_sources_comes_back() -> None:
    marks = {"a.gguf": FileMark(91_728_288, "5f2c"), "not named.gguf": FileMark(1, "00")}
    plan = replace(edits.whole_model(4, "a.gguf"), marks=marks)
    text = write_document(plan)
    assert '"files": {"a.gguf": {"bytes": 91728288, "fingerprint": "5f2c"}}' in text
    read = read_plan(text)
    assert read.problems == ()
    assert read.plan is not None
    assert read.plan.marks == {"a.gguf": marks["a.gguf"]}


@pytest.mark.parametrize(
    "files", ["[]", '{"a.gguf": 3}', '{"a.gguf": {"bytes": "x", "fingerprint": "5f"}}']
)
def test_senseless_words_about_sources_are_passed_over(files: str) -> None:
    header = f'#@ llama-blocks {{"version": 1, "sources": ["a.gguf"], "files": {files}}}\n'
    plan = read_plan(header + "WeightBlock; 0; 4; 0; -1\nTotalLayers; 4\n").plan
    assert plan is not None
    assert plan.sources == ("a.gguf",)
    assert not plan.marks
