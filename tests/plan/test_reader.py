"""Every problem of a text is told, with its line, block and fix; no text raises anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.plan.document import MergeBlock, MergeInput, WeightBlock
from app.plan.problem import Problem
from app.plan.reader import MAX_PROBLEMS, read_plan
from app.plan.writer import write_document
from tests.plan.edited_plans import plans
from tests.plan.test_round_trip import NOTE_MERGE

PIECES = st.sampled_from(
    [
        "WeightBlock",
        "MergeBlock",
        "TotalLayers",
        ";",
        "; ",
        "\n",
        "\r",
        "#",
        "#@",
        "{",
        "}",
        '"',
        "#@ draft ",
        "#@ llama-blocks ",
        '{"weights": [0, 2]}',
        '{"merge": [[0, 1], [5, 1]]}',
        "0",
        "1",
        "-1",
        "0.5",
        "nan",
        "1e999",
        "９",
        "1_0",
        "9" * 30,
        "\ufeff",
        "\x85",
        "[",
    ]
)


def told(text: str, n_weight_layers: int | None = None) -> list[tuple[str, int | None, int | None]]:
    """The errors of a text as (code, line, block)."""
    problems = read_plan(text, n_weight_layers).problems
    return [(p.code, p.line, p.block) for p in problems if p.severity == "error"]


def the_problem(text: str, code: str, n_weight_layers: int | None = None) -> Problem:
    """The only problem of that code."""
    (problem,) = (p for p in read_plan(text, n_weight_layers).problems if p.code == code)
    return problem


def assert_bears(text: str) -> None:
    """The text is read without an exception, and what is read can be written and read again."""
    read = read_plan(text)
    assert len(read.problems) <= MAX_PROBLEMS + 1
    assert all(p.message and p.fix for p in read.problems)
    if read.plan is None:
        assert read.problems
    else:
        again = write_document(read.plan)
        written = read_plan(again).plan
        assert written is not None
        assert write_document(written) == again


@given(st.text())
def test_any_text_is_borne(text: str) -> None:
    assert_bears(text)


@given(st.binary())
def test_any_bytes_are_borne(raw: bytes) -> None:
    assert_bears(raw.decode("utf-8", errors="replace"))
    assert_bears(raw.decode("latin-1"))


@given(st.lists(PIECES | st.text(max_size=3), max_size=60).map("".join))
def test_text_made_of_the_formats_own_pieces_is_borne(text: str) -> None:
    assert_bears(text)


@given(plans, st.data())
def test_damaged_plans_are_borne(plan: object, data: st.DataObject) -> None:
    text = write_document(plan)  # type: ignore[arg-type]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        until = data.draw(st.integers(at, min(at + 12, len(text))))
        text = text[:at] + data.draw(PIECES | st.just("")) + text[until:]
    assert_bears(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100000,
        "#@ draft " + "[" * 100000,
        "MergeBlock; " + "9" * 5000,
        "WeightBlock;" * 999,
        '#@ draft {"weights": [0, %s]}' % ("9" * 5000),
        "TotalLayers; " + "1" * 100000,
        'WeightBlock; 0; 1; 0; -1 #@ {"at": [1%s, 0]}\nTotalLayers; 1' % ("0" * 400),
        "MergeBlock; 0; %s; 0; 1" % ("1" * 100000),
    ],
    ids=range(8),
)
def test_monstrous_text_is_borne(text: str) -> None:
    assert_bears(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("\ufeff \r\n\t\n", "empty"),
        ("# only a remark\n", "empty"),
        ("Dear reader,\n\nno plan; none at all.\n" * 3000, "not a plan"),
        ("\0\x01\x02WeightBlock; 0; 1; 0; -1\n" * 9, "not a plan"),
        ("GGUF\x03\0\0\0", "model file"),
    ],
)
def test_what_is_no_plan_gets_one_clear_problem(text: str, says: str) -> None:
    read = read_plan(text)
    assert read.plan is None
    (problem,) = read.problems
    assert problem.code == "not-a-plan"
    assert says in problem.message
    assert problem.fix


def test_past_a_hundred_problems_their_number_is_told() -> None:
    problems = read_plan("TotalLayers; 0\n" + "what is this\n" * 10_000).problems
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[-1].code == "more-problems"
    assert "9901" in problems[-1].message
    assert problems[-1].severity == "error"


def test_marks_line_ends_case_spaces_and_comments_are_accepted() -> None:
    text = (
        "\ufeff\r\n# made by hand\r\n weightblock ;0;20 ; 0;-1\t# a;b\r\n\r\n"
        "WEIGHTBLOCK;20;40;20;0\r\nMergeBlock; 0; .5; 1; 5e-1\r\ntotallayers; 40 # all"
    )
    assert read_plan(text).problems == ()
    assert read_plan(text.replace("\r\n", "\r")).plan == read_plan(text).plan
    assert read_plan(text).lines == {"b0": 3, "b1": 5, "b2": 6}


def test_all_problems_are_told_at_once() -> None:
    text = (
        "WeightBlock; 0; 20; 0; -1\n"
        "WeightBlock; 21; 40; 20; 3\n"
        "\n"
        "Blend; 1; 2\n"
        "MergeBlock; 0; 0,5; 1; inf\n"
        "TotalLayers; 99\n"
    )
    assert told(text) == [
        ("numbering", 2, 1),
        ("missing-input", 2, 1),
        ("unknown-statement", 4, None),
        ("bad-number", 5, 2),
        ("scale-not-finite", 5, 2),
        ("total-layers", 6, None),
    ]


def test_a_statement_of_no_known_kind() -> None:
    problem = the_problem(NOTE_MERGE + "Banana; 1\n", "unknown-statement")
    assert (problem.line, problem.block) == (6, None)
    assert "“Banana; 1”" in problem.message
    assert "WeightBlock" in problem.fix


@pytest.mark.parametrize(
    "line", ["WeigthBlock; 20; 40; 20; 0", "WeightBlock, 20, 40, 20, 0", "WeightBlock 20 40 20 0"]
)
def test_what_was_meant_is_read_and_told(line: str) -> None:
    text = NOTE_MERGE.replace("WeightBlock; 20; 40; 20; 0", line)
    assert told(text) == [("unknown-statement", 2, None)]
    assert "WeightBlock; START; END; WEIGHT_START; INPUT" in read_plan(text).problems[0].fix
    assert read_plan(text).plan == read_plan(NOTE_MERGE).plan


def test_misnumbered_layers_are_told_once_each_and_read_anew() -> None:
    text = NOTE_MERGE.replace("; 20; 40; 20; 0", "; 25; 45; 20; 0").replace("40; 60", "45; 65")
    assert told(text) == [("numbering", 2, 1), ("total-layers", 5, None)]
    problem = the_problem(text, "numbering")
    assert "starts at plan layer 25" in problem.message
    assert problem.fix.startswith("Write 20")
    assert problem.block_id == "b1"
    plan = read_plan(text).plan
    assert plan is not None
    assert write_document(plan) == NOTE_MERGE


def test_an_input_that_comes_later_or_is_the_block_itself() -> None:
    later = NOTE_MERGE.replace("20; 40; 20; 0", "20; 40; 20; 2")
    assert told(later) == [("later-input", 2, 1)]
    assert "block 2, which comes later" in read_plan(later).problems[0].message
    assert "earlier block" in read_plan(later).problems[0].fix
    itself = NOTE_MERGE.replace("20; 40; 20; 0", "20; 40; 20; 1")
    assert told(itself) == [("later-input", 2, 1)]
    plan = read_plan(itself).plan
    assert plan is not None
    assert plan.blocks["b1"] == WeightBlock("b1", 20, 20, None)


@pytest.mark.parametrize("named", ["7", "-2"])
def test_an_input_that_does_not_exist(named: str) -> None:
    text = NOTE_MERGE.replace("1; 0.5; 2", f"1; 0.5; {named}")
    problem = the_problem(text, "missing-input")
    assert (problem.line, problem.block, problem.block_id) == (4, 3, "b3")
    assert f"block {named}, which does not exist" in problem.message
    assert "-1" in problem.fix
    plan = read_plan(text).plan
    assert plan is not None
    assert plan.blocks["b3"] == MergeBlock("b3", (MergeInput("b1", 0.5), MergeInput(None, 0.5)))


def test_a_plan_that_the_tokens_do_not_reach() -> None:
    text = "WeightBlock; 0; 2; 0; 4\nTotalLayers; 2\n"
    assert told(text) == [("missing-input", 1, 0), ("unreachable", 1, 0)]
    assert "token input" in the_problem(text, "unreachable").fix


def test_a_file_without_weight_blocks() -> None:
    assert told("TotalLayers; 0\n") == [("no-weight-block", None, None)]
    assert read_plan("TotalLayers; 0\n").plan is None
    text = "MergeBlock; -1; 0.5; -1; 0.5\nTotalLayers; 0\n"
    assert told(text) == [("no-weight-block", None, None)]
    assert "Add a weight block" in the_problem(text, "no-weight-block").fix


@pytest.mark.parametrize(
    ("line", "has"), [("WeightBlock; 0; 1; 0", 3), ("WeightBlock; 0; 1; 0; -1; 5", 5)]
)
def test_a_wrong_number_of_fields(line: str, has: int) -> None:
    problem = the_problem(f"{line}\nTotalLayers; 1\n", "field-count")
    assert (problem.line, problem.block) == (1, 0)
    assert f"this line has {has}" in problem.message
    assert "WEIGHT_START" in problem.fix


def test_a_merge_with_a_half_pair_or_one_input() -> None:
    half = the_problem(NOTE_MERGE.replace("2; 0.5\n", "2; 0.5; 0\n"), "field-count")
    assert (half.line, half.block) == (4, 3)
    text = NOTE_MERGE.replace("; 2; 0.5\n", "\n")
    few = the_problem(text, "too-few-inputs")
    assert (few.line, few.block) == (4, 3)
    assert "MergeBlock; BLOCK; SCALE" in few.fix
    plan = read_plan(text).plan
    assert plan is not None
    assert plan.blocks["b3"] == MergeBlock("b3", (MergeInput("b1", 0.5), MergeInput(None, 1.0)))


@pytest.mark.parametrize("number", ["1_0", "１０", "ten", "10.0", "0x10", "", "9" * 5000, "1" * 13])
def test_a_number_that_is_none(number: str) -> None:
    problem = the_problem(f"WeightBlock; 0; 10; {number}; -1\nTotalLayers; 10\n", "bad-number")
    assert (problem.line, problem.block) == (1, 0)
    assert "WEIGHT_START" in problem.message
    assert "plain digits" in problem.fix
    assert len(problem.message) < 120


def test_a_scale_with_a_decimal_comma() -> None:
    problem = the_problem(NOTE_MERGE.replace("0.5; 2", "0,25; 2"), "bad-number")
    assert (problem.line, problem.block) == (4, 3)
    assert "such as 0.25" in problem.fix


@pytest.mark.parametrize("scale", ["inf", "-Infinity", "NaN", "1e999"])
def test_a_scale_that_is_not_finite(scale: str) -> None:
    problem = the_problem(NOTE_MERGE.replace("0.5; 2", f"{scale}; 2"), "scale-not-finite")
    assert (problem.line, problem.block) == (4, 3)
    assert "0.5" in problem.fix


def test_an_empty_range() -> None:
    text = "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 4; 0; 0\nTotalLayers; 4\n"
    assert told(text) == [("empty-range", 2, 1)]
    assert "larger number" in read_plan(text).problems[0].fix


def test_total_layers_missing_wrong_or_twice() -> None:
    block = "WeightBlock; 0; 4; 0; -1\n"
    missing = the_problem(block, "total-layers")
    assert missing.line is None
    assert "TotalLayers; 4" in missing.fix
    wrong = the_problem(block + "TotalLayers; 5\n", "total-layers")
    assert wrong.line == 2
    assert "TotalLayers; 4" in wrong.fix
    twice = the_problem(block + "TotalLayers; 4\nTotalLayers; 4\n", "total-layers")
    assert twice.line == 3
    assert "line 2" in twice.message
    assert "Keep one" in twice.fix


def test_weight_layers_that_the_model_lacks() -> None:
    problem = the_problem(NOTE_MERGE, "weight-range", n_weight_layers=50)
    assert (problem.line, problem.block) == (3, 2)
    assert "40-59" in problem.message
    assert "only 50" in problem.message
    assert "below 50" in problem.fix
    assert read_plan(NOTE_MERGE, n_weight_layers=60).problems == ()
    absurd = the_problem("WeightBlock; 0; 1; 99999999; -1\nTotalLayers; 1\n", "weight-range")
    assert (absurd.line, absurd.block) == (1, 0)
    assert absurd.fix


def test_more_layers_than_the_backend_runs() -> None:
    problem = the_problem("WeightBlock; 0; 513; 0; -1\nTotalLayers; 513\n", "too-many-layers")
    assert "513" in problem.message
    assert "512" in problem.message
    assert "1 or more" in problem.fix
    assert read_plan("WeightBlock; 0; 512; 0; -1\nTotalLayers; 512\n").problems == ()


def test_notes_leave_a_text_valid() -> None:
    text = NOTE_MERGE.replace("1; 0.5; 2; 0.5", "1; 0.5; 1; -0.7")
    notes = {p.code: p for p in read_plan(text).problems}
    assert set(notes) == {"scales-sum", "unused"}
    assert told(text) == []
    assert (notes["unused"].line, notes["unused"].block) == (3, 2)
    assert (notes["scales-sum"].line, notes["scales-sum"].block) == (4, 3)
    assert "-0.2" in notes["scales-sum"].message
    assert "allowed" in notes["scales-sum"].fix


def test_damaged_drafts_are_told_and_the_others_keep_their_links() -> None:
    text = (
        NOTE_MERGE + '#@ draft {"weights": [5, 2]}\n#@ draft {"weights": [1, 2], "input": 6}\n'
        '#@ draft {"merge": [[3, 1], [44, 0]]}\n'
        '#@ draft {"weights": [1, 2], "input": 8}\n#@ draft {"weights": [1, 2], "input": 7}\n'
    )
    read = read_plan(text)
    drafts = [(p.line, p.severity) for p in read.problems if p.code == "bad-draft"]
    assert drafts == [(6, "note"), (8, "note"), (9, "note"), (10, "note")]
    assert read.plan is not None
    assert "b4" not in read.plan.blocks
    assert read.plan.blocks["b5"] == WeightBlock("b5", 1, 1, "b6")
    assert read.plan.blocks["b6"] == MergeBlock("b6", (MergeInput("b3", 1), MergeInput(None, 0)))
