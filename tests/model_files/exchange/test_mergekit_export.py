"""Plans as passthrough configurations, and read back from them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from app.model_files.exchange.exported import write_mergekit
from app.model_files.exchange.kinds import import_plan
from app.model_files.exchange.model_names import files_by_name
from app.model_files.model_file import ModelFile
from app.model_files.reader import read_source
from app.plan.document import Plan
from app.plan.lowering import lower
from app.plan.problem import PlanError
from app.plan.reader import read_plan
from tests.model_files.tiny import TinyModel, write_tiny

STACK = """\
WeightBlock; 0; 3; 0; -1
WeightBlock; 3; 6; 5; 0
WeightBlock; 6; 8; 0; 1
TotalLayers; 8
"""


@pytest.fixture
def sources(tmp_path: Path) -> list[ModelFile]:
    paths = [tmp_path / "First-4L.Q8_0.gguf", tmp_path / "a “second”.gguf"]
    return [read_source(write_tiny(p, TinyModel(seed=n))) for n, p in enumerate(paths)]


def plan_in(text: str) -> Plan:
    plan = read_plan(text).plan
    assert plan is not None
    return plan


def test_ranges_are_the_models_own_and_half_open(sources: list[ModelFile]) -> None:
    text = write_mergekit(plan_in(STACK), sources)
    assert yaml.safe_load(text) == {
        "merge_method": "passthrough",
        "slices": [
            {"sources": [{"model": "First-4L", "layer_range": [0, 3]}]},
            {"sources": [{"model": "a “second”", "layer_range": [1, 4]}]},
            {"sources": [{"model": "First-4L", "layer_range": [0, 2]}]},
        ],
    }


def test_a_block_over_two_files_becomes_two_slices(sources: list[ModelFile]) -> None:
    text = write_mergekit(plan_in("WeightBlock; 0; 8; 0; -1\nTotalLayers; 8\n"), sources)
    slices = yaml.safe_load(text)["slices"]
    assert [s["sources"][0]["layer_range"] for s in slices] == [[0, 4], [0, 4]]
    assert "output norm and head" in text


def test_it_is_read_back_as_the_same_plan(sources: list[ModelFile]) -> None:
    plan = plan_in(STACK)
    content = write_mergekit(plan, sources).encode()
    read = import_plan(content, (), lambda names: files_by_name(names, sources)).read
    assert read.plan is not None
    assert lower(read.plan).recipe == lower(plan).recipe
    assert read.plan.sources == tuple(file.path.name for file in sources)


def test_one_source_needs_no_file() -> None:
    plan = plan_in('#@ llama-blocks {"version": 1, "sources": ["dir/Tiny-Q4_K_M.gguf"]}\n' + STACK)
    assert '- model: "Tiny"\n    layer_range: [5, 8]' in write_mergekit(plan, ())


def test_several_sources_without_files_are_refused() -> None:
    plan = plan_in('#@ llama-blocks {"version": 1, "sources": ["a.gguf", "b.gguf"]}\n' + STACK)
    for unnamed in (plan, plan_in(STACK)):
        with pytest.raises(PlanError, match="come from the plan's model files"):
            write_mergekit(unnamed, ())


def test_layers_that_no_file_holds_are_refused(sources: list[ModelFile]) -> None:
    with pytest.raises(PlanError, match="borrows weight layer 7, but its sources have only 0 to 3"):
        write_mergekit(plan_in(STACK), sources[:1])


def test_one_model_in_two_quantisations_is_two_sources(tmp_path: Path) -> None:
    paths = [tmp_path / f"Model.{kind}.gguf" for kind in ("Q8_0", "Q4_0")]
    sources = [read_source(write_tiny(path)) for path in paths]
    content = write_mergekit(plan_in(STACK), sources).encode()
    assert b'"Model.Q4_0"' in content
    read = import_plan(content, (), lambda names: files_by_name(names, sources[::-1])).read
    assert read.plan is not None
    assert read.plan.sources == tuple(path.name for path in paths)


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    files = [read_source(write_tiny(folder / "m.gguf")) for folder in folders]
    slices = yaml.safe_load(write_mergekit(plan_in(STACK), files))["slices"]
    assert slices[1]["sources"][0]["model"] == str(folders[1] / "m.gguf")


def test_a_merge_is_refused() -> None:
    text = "WeightBlock; 0; 1; 0; -1\nWeightBlock; 1; 2; 1; -1\nMergeBlock; 0; 1; 1; 1\n"
    with pytest.raises(PlanError, match="Block 2 merges outputs, which a passthrough"):
        write_mergekit(plan_in(text + "TotalLayers; 2\n"), ())
