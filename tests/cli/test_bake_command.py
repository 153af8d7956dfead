"""`main.py bake` as scripts call it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.model_files.reader import read_model_file
from tests.main_program import answer, call, complaint
from tests.model_files.tiny import TinyModel, write_tiny

TEXT = "in the other one there is the note;\non the other hand, thin ether.\n" * 60


@pytest.fixture
def given(tmp_path: Path) -> tuple[str, ...]:
    """Two models and a text."""
    text = tmp_path / "text.txt"
    text.write_text(TEXT)
    paths = (write_tiny(tmp_path / f"{seed}.gguf", TinyModel(seed=seed)) for seed in (1, 2))
    models = (word for path in paths for word in ("--model", str(path)))
    return ("--file", str(text), *models)


def plan(tmp_path: Path, *lines: str) -> str:
    file = tmp_path / "plan.txt"
    file.write_text("\n".join(lines) + "\n")
    return str(file)


def merged(tmp_path: Path, scale: str = "0.5") -> str:
    return plan(
        tmp_path,
        "WeightBlock; 0; 2; 0; -1",
        "WeightBlock; 2; 4; 2; 0",
        "WeightBlock; 4; 6; 6; 0",
        f"MergeBlock; 1; 0.5; 2; {scale}",
        "TotalLayers; 6",
    )


def test_a_plan_without_merges_is_baked_exactly(tmp_path: Path, given: tuple[str, ...]) -> None:
    short = plan(tmp_path, "WeightBlock; 0; 2; 0; -1", "WeightBlock; 2; 3; 6; 0", "TotalLayers; 3")
    out = tmp_path / "out.gguf"
    record = answer("bake", short, *given, "-o", str(out))
    assert record.pop("peak_rss_bytes") > 1 << 20
    assert record == {
        "files": [str(out)],
        "bytes": out.stat().st_size,
        "n_layers": 3,
        "n_averaged": 0,
        "is_exact": True,
        "difference": None,
    }
    alone = answer("perplexity", short, *given)
    baked = answer("perplexity", "--model", str(out), *given[:2])
    assert baked == alone
    parts = answer("bake", short, *given, "-o", str(out), "--split-max-size", "100K")["files"]
    assert len(parts) > 1
    said = call("bake", short, *given, "-o", str(out), "--static", "--type", "F16").stdout
    assert "--type F16 had no effect" in said
    assert answer("perplexity", "--model", parts[0], *given[:2]) == alone


def test_a_merge_needs_static_and_is_measured(tmp_path: Path, given: tuple[str, ...]) -> None:
    out = tmp_path / "out.gguf"
    arguments = ("bake", merged(tmp_path), *given, "-o", str(out))
    assert "Block 3 merges outputs" in complaint(*arguments)
    assert not out.exists()
    record = answer(*arguments, "--static", "--type", "q8_0")
    assert (record["is_exact"], record["n_averaged"]) == (False, 2)
    difference = record["difference"]
    assert difference["kl"] > 0
    live = answer("perplexity", merged(tmp_path), *given)
    static = answer("perplexity", "--model", str(out), *given[:2])
    assert difference["perplexity"] == pytest.approx(live["perplexity"])
    assert difference["other_perplexity"] == pytest.approx(static["perplexity"])
    assert read_model_file(out).layer_types[2:] == ("Q8_0", "Q8_0")
    origins = [layer["from"] for layer in answer("inspect", str(out))["layers"]]
    assert (origins[1]["file"], origins[1]["layer"], origins[1]["share"]) == ("1.gguf", 1, 1)
    assert [(part["file"], part["layer"], part["share"]) for part in origins[2]] == [
        ("1.gguf", 2, 0.5),
        ("2.gguf", 2, 0.5),
    ]
    told = call("inspect", str(out)).stdout
    assert "3  0.5 × layer 3 of 1.gguf + 0.5 × layer 3 of 2.gguf" in told
    said = call(*arguments, "--static").stdout
    assert "2 of them averages: an approximation" in said
    assert "Mean KL divergence" in said


def test_what_cannot_be_is_said_in_plain_words(tmp_path: Path, given: tuple[str, ...]) -> None:
    out = ("-o", str(tmp_path / "out.gguf"))
    assert "--type needs --static" in complaint(
        "bake", merged(tmp_path), *given, *out, "--type", "Q8_0", status=2
    )
    wrong = call("bake", merged(tmp_path), *given, *out, "--static", "--type", "IQ2_XS")
    assert wrong.returncode == 2
    assert "importance matrix" in wrong.stderr
    assert "not a tensor type" in call("bake", *out, "x", "--type", "Q4_K_M").stderr
    assert "add up to 0" in complaint("bake", merged(tmp_path, "-0.5"), *given, *out, "--static")
    over = ("-o", given[3])
    assert "is one of the source files" in complaint(
        "bake", merged(tmp_path), *given, *over, "--static"
    )
