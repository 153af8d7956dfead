"""mergekit configurations, after the examples in its documentation, read as plans or refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model_files.exchange.kinds import Imported, import_plan
from app.model_files.exchange.model_names import files_by_name
from app.model_files.model_file import ModelFile
from app.model_files.reader import read_source
from app.plan.document import MergeBlock, WeightBlock
from app.plan.lowering import lower
from app.plan.reader import ReadPlan
from tests.model_files.tiny import TinyModel, write_tiny

PACK = (
    Path(__file__).parents[3] / "resources" / "models" / ("smollm2-pirate-layers-22-29.Q8_0.gguf")
)
STACK = """\
slices:
  - sources:
    - model: org/alpha-13b
      layer_range: [0, 24]
  - sources:
    - model: other/Beta_13B
      layer_range: [20, 40]
merge_method: passthrough
dtype: float16
"""
SOUP = """\
models:
  - model: alpha
    parameters:
      weight: 1.0
  - model: beta
    parameters:
      weight: 0.3
merge_method: linear
"""
SLICED = """\
merge_method: linear
parameters: {weight: 1}
slices:
- sources:
  - {model: alpha, layer_range: [0, 2]}
- sources:
  - {model: alpha, layer_range: [2, 4], parameters: {weight: 0.75}}
  - {model: beta, layer_range: [2, 4], parameters: {weight: "2.5e-1"}}
"""


def taken(text: str, files: Sequence[ModelFile] = ()) -> ReadPlan:
    return imported(text, files).read


def imported(text: str, files: Sequence[ModelFile] = ()) -> Imported:
    return import_plan(text.encode(), files, lambda names: files_by_name(names, files))


def refusal(text: str) -> tuple[int | None, str]:
    """The line and the words of the one error."""
    read = taken(text)
    assert read.plan is None
    (wrong,) = [p for p in read.problems if p.severity == "error"]
    assert wrong.message.endswith(".")
    assert wrong.fix.endswith(".")
    return wrong.line, f"{wrong.message} {wrong.fix}"


def notes(read: ReadPlan) -> set[str]:
    return {p.code for p in read.problems if p.severity == "note"}


def text_of(read: ReadPlan) -> str:
    assert read.plan is not None
    return lower(read.plan).recipe.text


@pytest.fixture
def alpha(tmp_path: Path) -> ModelFile:
    return read_source(write_tiny(tmp_path / "alpha.Q4_K_M.gguf", TinyModel(n_layers=4)))


@pytest.fixture
def beta(tmp_path: Path) -> ModelFile:
    path = tmp_path / "strange.gguf"
    return read_source(write_tiny(path, TinyModel(n_layers=4, name="Org Beta", seed=1)))


def test_slices_become_blocks_and_models_sources_in_order_of_mention() -> None:
    read = taken(STACK)
    assert text_of(read) == (
        "WeightBlock; 0; 24; 0; -1\nWeightBlock; 24; 44; 60; 0\nTotalLayers; 44\n"
    )
    assert read.plan is not None
    assert read.plan.sources == ("org/alpha-13b", "other/Beta_13B")
    assert [block.title for block in read.plan.blocks.values()] == ["alpha-13b", "Beta_13B"]
    assert {"source-missing", "layers-assumed", "head"} <= notes(read)
    assert [p.line for p in read.problems if "dtype" in p.message] == [9]


def test_layers_are_counted_on_through_the_files(alpha: ModelFile, beta: ModelFile) -> None:
    text = STACK.replace("org/alpha-13b", "x/alpha@main").replace("other/Beta_13B", "org/org-beta")
    text = text.replace("[0, 24]", "[0, 3]").replace("[20, 40]", "[1, 4]")
    read = taken(text, [beta, alpha])
    assert text_of(read) == ("WeightBlock; 0; 3; 0; -1\nWeightBlock; 3; 6; 5; 0\nTotalLayers; 6\n")
    assert read.plan is not None
    assert read.plan.sources == ("alpha.Q4_K_M.gguf", "strange.gguf")
    assert not {"source-missing", "layers-assumed"} & notes(read)


def test_a_range_past_the_files_layers_is_refused(alpha: ModelFile) -> None:
    text = STACK.replace("other/Beta_13B", "alpha").replace("org/alpha-13b", "alpha")
    read = taken(text, [alpha])
    assert read.plan is None
    wrong = [p for p in read.problems if p.severity == "error"]
    assert {p.line for p in wrong} == {3, 6}
    assert "has layers 0 to 3" in wrong[0].message


def test_one_model_needs_no_file_and_no_titles() -> None:
    read = taken(STACK.replace("other/Beta_13B", "org/alpha-13b"))
    assert text_of(read).splitlines()[1] == "WeightBlock; 24; 44; 20; 0"
    assert read.plan is not None
    assert {block.title for block in read.plan.blocks.values()} == {""}
    assert not {"layers-assumed", "head"} & notes(read)


def test_linear_over_whole_models_becomes_one_merge(alpha: ModelFile, tmp_path: Path) -> None:
    beta = read_source(write_tiny(tmp_path / "beta.gguf", TinyModel(seed=1)))
    read = taken(SOUP, [alpha, beta])
    assert text_of(read) == (
        "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 8; 4; -1\n"
        "MergeBlock; 0; 0.769231; 1; 0.230769\nTotalLayers; 8\n"
    )
    assert read.plan is not None
    merge = read.plan.blocks["b2"]
    assert isinstance(merge, MergeBlock)
    assert merge.sums_to_one
    assert "approximation" in notes(read)


def test_whole_models_that_nobody_has_are_refused() -> None:
    read = taken(SOUP)
    assert read.plan is None
    wrong = [p for p in read.problems if p.severity == "error"]
    assert [p.line for p in wrong] == [2, 5]
    assert "is known only from its file" in wrong[0].message


def test_a_slice_of_two_models_merges_what_one_of_them_feeds() -> None:
    read = taken(SLICED)
    assert text_of(read) == (
        "WeightBlock; 0; 2; 0; -1\nWeightBlock; 2; 4; 2; 0\nWeightBlock; 4; 6; 6; 0\n"
        "MergeBlock; 1; 0.75; 2; 0.25\nTotalLayers; 6\n"
    )


def test_weights_are_scales_as_they_stand_without_normalize() -> None:
    text = SLICED.replace("{weight: 1}", "{weight: 1, normalize: false}").replace("0.75", "-0.5")
    assert "MergeBlock; 1; -0.5; 2; 0.25" in text_of(taken(text))


@pytest.mark.parametrize(
    "weight", ["[0.3, 0.3]", "{value: 0.3}", "[{filter: '*', value: 0.3}]", "[{value: [0.3]}]"]
)
def test_a_weight_that_is_one_number_for_all_tensors_may_be_written_in_any_way(
    weight: str,
) -> None:
    text = SLICED.replace("0.75", weight).replace('"2.5e-1"', "0.7")
    assert "MergeBlock; 1; 0.3; 2; 0.7" in text_of(taken(text))


def test_the_innermost_weight_counts_and_base_model_is_one_more_of_the_models(
    alpha: ModelFile, tmp_path: Path
) -> None:
    beta = read_source(write_tiny(tmp_path / "beta.gguf", TinyModel(seed=1)))
    text = "models: [{model: alpha, parameters: {weight: 3}}]\nbase_model: beta\n"
    read = taken(text + "merge_method: linear\nparameters: {weight: 1}\n", [alpha, beta])
    assert "MergeBlock; 0; 0.75; 1; 0.25" in text_of(read)


def test_a_layer_pack_gives_its_layers_by_their_own_numbers(alpha: ModelFile) -> None:
    pack = read_source(PACK)
    text = STACK.replace("org/alpha-13b", "alpha").replace("[0, 24]", "[0, 4]")
    text = text.replace("other/Beta_13B", "smollm2-pirate-layers-22-29").replace("20, 40", "24, 30")
    assert "WeightBlock; 4; 10; 6; 0" in text_of(taken(text, [alpha, pack]))
    too_early = taken(text.replace("24, 30", "20, 30"), [alpha, pack])
    assert too_early.plan is None
    assert "layer 20, but" in " ".join(p.message for p in too_early.problems)


@pytest.mark.parametrize(
    "method",
    [
        *("slerp", "nuslerp", "multislerp", "karcher", "task_arithmetic", "ties", "dare_ties"),
        *("dare_linear", "della", "della_linear", "breadcrumbs", "sce", "model_stock"),
        *("nearswap", "arcee_fusion", "pasthrough"),
    ],
)
def test_other_methods_are_refused_by_name(method: str) -> None:
    line, words = refusal(STACK.replace("passthrough", method))
    assert line == 8
    assert f"merge_method “{method}”" in words
    assert "convert the result to GGUF" in words


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("merge_method: passthrough\n", ""), 1, "does not say its merge_method"),
        (("dtype: float16", "tokenizer_source: union"), 9, "tokenizer source “union”"),
        (("dtype: float16", "tokenizer: {source: base, tokens: {a: {}}}"), 9, "tokenizer.tokens"),
        (
            ("layer_range: [0, 24]", "layer_range: [0, 24]\n      parameters: {scale: 2}"),
            3,
            "scale mul",
        ),
        (("dtype: float16", "parameters: {embed_slerp: true}"), 9, "embed_slerp mixes"),
        (("dtype: float16", "models: [{model: x}]"), 1, "exactly one of"),
        (("slices:", "modules:"), 2, "“modules” merges"),
        (("[0, 24]", "[0, 24, 2]"), 4, "no layer_range with the first layer"),
        (("[0, 24]", "[24, 24]"), 4, "no layer_range with the first layer"),
        (("      layer_range: [0, 24]\n", ""), 3, "no layer_range with the first layer"),
        (("[0, 24]", "[0, 600]"), 2, "have 600 layers"),
        (("org/alpha-13b", "org/alpha+adapter"), 3, "(LoRA)"),
        (("model: org/alpha-13b", "name: x"), 3, "has no model"),
        (("org/alpha-13b", "[a]"), 3, "must be a single value"),
        (
            ("[0, 24]", "[0, 24]\n    - {model: x, layer_range: [0, 24]}"),
            3,
            "passthrough copies from one model",
        ),
        (("dtype", "merge_method"), 9, "in one mapping twice"),
        (("dtype: float16", "dtype: *none"), 9, "undefined alias"),
        (("dtype: float16", "---\nslices: []"), 9, "several configurations"),
        (("dtype: float16", "dtype: !!python/name:os.system x"), 9, "object of another program"),
        (("dtype: float16", "<<: {slices: []}"), 9, "“<<”"),
        (("dtype: float16", "dtype: [float16"), 10, "YAML cannot be read"),
        (("dtype: float16", "dtype: \x07"), 9, "character that YAML does not allow"),
    ],
)
def test_what_no_plan_can_say_is_refused_with_its_line(
    change: tuple[str, str], line: int | None, words: str
) -> None:
    told_line, said = refusal(STACK.replace(*change))
    assert words in said
    assert told_line == line


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("0.75", "[0, 1]"), 7, "gradient over the layers"),
        (("0.75", "{filter: mlp, value: 1}"), 7, "depends on the tensor (filter “mlp”)"),
        (("0.75", "much"), 7, "“much” instead of a number"),
        (("0.75", "true"), 7, "instead of a number"),
        (("0.75", ".inf"), 7, "instead of a number"),
        (("0.75", "-0.25"), 7, "add up to 0"),
        (("{weight: 1}", "{normalize: true}"), 5, "linear needs a weight for “alpha”"),
        (("{weight: 1}", "{weight: 2, normalize: false}"), 5, "scaled by 2"),
        (("{weight: 1}", "{weight: 1, normalize: 7}"), 2, "instead of true or false"),
        (("model: beta, layer_range: [2, 4]", "model: beta, layer_range: [0, 2]"), 7, "2-3 and 0-"),
        (("model: beta", "model: alpha"), 7, "listed twice"),
    ],
)
def test_what_linear_means_here_and_what_not(
    change: tuple[str, str], line: int, words: str
) -> None:
    told_line, said = refusal(SLICED.replace(*change))
    assert words in said
    assert told_line == line


def test_all_that_is_wrong_is_said_at_once() -> None:
    text = STACK.replace("[0, 24]", "[24, 0]").replace("other/Beta_13B", "a+b")
    read = taken(text + "tokenizer_source: union\nmystery: 1\n")
    assert [p.line for p in read.problems if p.severity == "error"] == [4, 6, 10]
    assert [p.line for p in read.problems if "“mystery”" in p.message] == [11]


def test_any_number_of_remarks_leaves_room_for_what_is_refused() -> None:
    unknown = "".join(f"key{n}: 1\n" for n in range(300))
    line, words = refusal(unknown + STACK.replace("[0, 24]", "[24, 0]"))
    assert line == 304
    assert "no layer_range" in words


def test_aliases_do_not_grow(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40)
    )
    text = bomb + "merge_method: passthrough\nslices: *a39\n"
    _, said = refusal(text)
    assert "“slices” must be a mapping" in said or "must be a mapping of names" in said
    many = ", ".join(["*s"] * 500)
    wide = ", ".join(f"{{model: m{n}, layer_range: [0, 99999]}}" for n in range(400))
    text = f"merge_method: linear\nparameters: {{weight: 1}}\nx: &s {{sources: [{wide}]}}\n"
    assert "have 39,999,600 layers" in refusal(f"{text}slices: [{many}]\n")[1]
    cyclic = "merge_method: linear\nslices: &s\n- sources: *s\n"
    assert taken(cyclic).plan is None


@pytest.mark.parametrize("text", ["[" * 20_000, "{" * 20_000, "\n" + "- " * 20_000])
def test_deep_nesting_is_refused(text: str) -> None:
    assert "nested too deeply" in refusal(f"merge_method: linear\nslices: {text}")[1]


def test_a_huge_file_is_refused_at_once() -> None:
    assert "larger than 128 KiB" in refusal(STACK + "# x\n" * 40_000)[1]


def test_too_many_slices_are_refused() -> None:
    text = "merge_method: passthrough\nslices:\n" + "- {}\n" * 600
    assert "600 entries" in refusal(text)[1]


@pytest.mark.parametrize(
    "number",
    [
        *("!!int ", "!!float ", "!!bool x", "!!int x", "0x" + "f" * 9000, "1:1" * 3000),
        *("9" * 9000, "1" + ":1" * 400 + ".5"),
    ],
    ids=lambda number: number[:8],
)
def test_numbers_that_are_none_are_text(number: str) -> None:
    assert "instead of a number" in refusal(SLICED.replace("0.75", f"{number} "))[1]
    assert "no layer_range" in refusal(STACK.replace("24]", f"{number} ]"))[1]


def test_json_is_yaml_too() -> None:
    text = (
        '{"merge_method": "passthrough", "slices": [{"sources": [{"model": "a", '
        '"layer_range": [0, 2]}]}]}'
    )
    read = imported(text)
    assert read.kind == "mergekit"
    assert read.read.plan is not None
    assert read.read.plan.blocks["b0"] == WeightBlock("b0", 0, 2, "tokens")


SCRAPS = [
    *("merge_method: ", "linear", "passthrough", "slices:", "models:", "- sources:", "- model: a"),
    *("layer_range: [0, 4]", "[2, 1]", "parameters: ", "weight: ", "0.5", "{value: 1}", "filter: "),
    *(
        "normalize: ",
        "true",
        "base_model: b",
        "&x ",
        "*x",
        "null",
        "~",
        "!!int ",
        "{",
        "}",
        "[",
        "]",
    ),
    *("\n", "\n  ", "\n    ", "- ", ": ", ", ", "#", "'", '"', "|\n", "? ", "<<: *x", "---\n", "]"),
]


@given(st.lists(st.sampled_from(SCRAPS), max_size=40), st.sampled_from([STACK, SOUP, SLICED]))
def test_any_text_is_read_or_refused_in_sentences(scraps: list[str], whole: str) -> None:
    for text in ("merge_method: " + "".join(scraps), whole + "".join(scraps)):
        read = taken(text)
        assert (read.plan is None) == any(p.severity == "error" for p in read.problems)
        for problem in read.problems:
            assert problem.message.endswith(".")
            assert problem.message.isprintable()
