"""`main.py import` and `main.py export`, as scripts call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.plan.files import load
from tests.main_program import answer, call, complaint
from tests.model_files.tiny import TinyModel, write_tiny

YAML = """\
merge_method: passthrough
slices:
- sources: [{model: org/alpha, layer_range: [0, 3]}]
- sources: [{model: org/beta, layer_range: [1, 4]}]
"""
CHAIN = "WeightBlock; 0; 3; 0; -1\nWeightBlock; 3; 6; 5; 0\nTotalLayers; 6\n"


@pytest.fixture
def models(tmp_path: Path) -> list[str]:
    names = ("alpha.Q8_0.gguf", "other.gguf")
    return [str(write_tiny(tmp_path / name, TinyModel(seed=n))) for n, name in enumerate(names)]


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "merge.yml"
    path.write_text(YAML)
    return str(path)


def test_a_configuration_goes_in_and_out(config: str, models: list[str], tmp_path: Path) -> None:
    plan = tmp_path / "plan.txt"
    both = [word for model in reversed(models) for word in ("--model", model)]
    done = call("import", config, "-o", str(plan), *both)
    assert done.returncode == 0
    assert "note: “org/beta” is assumed to be other.gguf." in done.stderr
    read = load(plan)
    assert read.plan is not None
    assert read.plan.sources == ("alpha.Q8_0.gguf", "other.gguf")
    assert set(read.plan.marks) == {"alpha.Q8_0.gguf", "other.gguf"}
    assert call("check", str(plan), *both[2:], *both[:2]).returncode == 0
    exported = call("export", str(plan), "--format", "mergekit").stdout
    assert 'model: "alpha"\n    layer_range: [0, 3]' in exported
    assert 'model: "other"\n    layer_range: [1, 4]' in exported
    assert call("export", str(plan), "--format", "strict").stdout == CHAIN
    out = tmp_path / "paths.txt"
    assert call("export", str(plan), "--format", "paths", "-o", str(out)).stdout == ""
    assert out.read_text() == "0..2,5..7\n"


def test_files_beside_the_configuration_are_found_by_name(
    config: str, models: list[str], tmp_path: Path
) -> None:
    Path(models[1]).rename(tmp_path / "Beta-Q8_0.gguf")
    record = answer("import", config, "-o", str(tmp_path / "plan.txt"))
    assert record["sources"] == ["alpha.Q8_0.gguf", "Beta-Q8_0.gguf"]
    assert [note["code"] for note in record["notes"]] == ["head"]


def test_what_a_model_is_taken_to_be_is_among_the_notes(
    config: str, models: list[str], tmp_path: Path
) -> None:
    both = [word for model in models for word in ("--model", model)]
    record = answer("import", config, "-o", str(tmp_path / "plan.txt"), *both)
    notes = {note["code"]: note["message"] for note in record["notes"]}
    assert notes["source-taken"] == "“org/beta” is assumed to be other.gguf."


def test_a_list_of_layers_is_told_from_its_content(tmp_path: Path, models: list[str]) -> None:
    path, plan = tmp_path / "list", tmp_path / "plan.txt"
    path.write_text("0..2,1..3")
    record = answer("import", str(path), "-o", str(plan), "--model", models[0])
    assert (record["ok"], record["kind"]) == (True, "paths")
    assert record["sources"] == ["alpha.Q8_0.gguf"]
    assert "WeightBlock; 3; 6; 1; 0" in plan.read_text()


def test_refusals_have_lines_and_leave_no_file(tmp_path: Path, config: str) -> None:
    Path(config).write_text(YAML.replace("passthrough", "ties"))
    plan = tmp_path / "plan.txt"
    done = call("import", config, "-o", str(plan))
    assert done.returncode == 1
    assert done.stderr.startswith(f"{config}:1: merge_method “ties”")
    record = json.loads(call("import", config, "-o", str(plan), "--json").stdout)
    assert [p["line"] for p in record["problems"]] == [1]
    assert not plan.exists()


def test_the_file_itself_is_not_replaced(config: str) -> None:
    assert "would overwrite the file being imported" in complaint(
        "import", config, "-o", config, status=2
    )
    assert Path(config).read_text() == YAML


def test_a_model_that_may_be_any_is_asked_about(
    config: str, models: list[str], tmp_path: Path
) -> None:
    words = ("import", config, "-o", str(tmp_path / "p.txt"), "--model", models[1])
    Path(models[0]).unlink()
    said = complaint(*words, status=2)
    assert "other.gguf: no model has this name (org/alpha, org/beta)" in said


def test_what_cannot_be_read_or_written_is_said(config: str, tmp_path: Path) -> None:
    assert "No such file" in complaint("import", str(tmp_path / "no.yml"), "-o", "x.txt", status=2)
    assert "No such file" in complaint("import", config, "-o", str(tmp_path / "no" / "x.txt"))
    noise = tmp_path / "noise"
    noise.write_bytes(bytes(range(256)))
    assert "not a plan" in call("import", str(noise), "-o", str(tmp_path / "p.txt")).stderr


def test_a_merge_is_refused_with_its_block(tmp_path: Path) -> None:
    plan = tmp_path / "plan.txt"
    plan.write_text(
        "WeightBlock; 0; 1; 0; -1\nWeightBlock; 1; 2; 1; -1\nMergeBlock; 0; 1; 1; 1\n"
        "TotalLayers; 2\n"
    )
    for kind in ("paths", "mergekit"):
        assert "Block 2 merges outputs" in complaint("export", str(plan), "--format", kind)
