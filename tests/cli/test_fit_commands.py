"""`main.py influence`, `difference` and `fit` as scripts call them."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.model_files.sources import read_sources
from tests.main_program import answer, call, complaint
from tests.model_files.tiny import TinyModel, write_tiny

TEXT = "in the other one there is the note;\non the other hand, thin ether.\n" * 30


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return str(write_tiny(tmp_path / "tiny.gguf", TinyModel(n_layers=6)))


@pytest.fixture
def text(tmp_path: Path) -> str:
    file = tmp_path / "text.txt"
    file.write_text(TEXT)
    return str(file)


def plan(tmp_path: Path, name: str, *lines: str) -> str:
    file = tmp_path / name
    file.write_text("\n".join(lines) + "\n")
    return str(file)


def test_influence_gives_a_value_a_layer(tiny: str, text: str) -> None:
    record = answer("influence", "--model", tiny, "--file", text)
    assert record.keys() == {"influence", "n_tokens"}
    assert len(record["influence"]) == 6
    assert len(set(record["influence"])) == 6
    assert all(0 < value < 2 for value in record["influence"])
    assert answer("influence", "--model", tiny, "--file", text) == record  # kept
    shown = call("influence", "--model", tiny, "--file", text)
    assert [line.split()[0] for line in shown.stdout.splitlines()] == list("012345")


def test_the_difference_of_two_plans(tiny: str, text: str, tmp_path: Path) -> None:
    whole = plan(tmp_path, "whole.txt", "WeightBlock; 0; 6; 0; -1", "TotalLayers; 6")
    short = plan(tmp_path, "short.txt", "WeightBlock; 0; 5; 0; -1", "TotalLayers; 5")
    arguments = ("--model", tiny, "--file", text)
    record = answer("difference", whole, short, *arguments)
    assert record.keys() == {"kl", "top1_agreement", "perplexity", "other_perplexity", "n_tokens"}
    assert record["kl"] > 0
    alone = answer("perplexity", short, *arguments)
    assert record["other_perplexity"] == pytest.approx(alone["perplexity"])
    assert record["n_tokens"] == alone["n_tokens"]
    same = answer("difference", short, short, *arguments)
    assert (same["kl"], same["top1_agreement"]) == (pytest.approx(0, abs=1e-6), 1.0)
    assert "nats" in call("difference", whole, short, *arguments).stdout


def whole_bytes(tiny: str) -> int:
    return int(answer("estimate", "--model", tiny, "--ctx", "512")["total_bytes"])


@pytest.mark.parametrize("method", ["quick", "thorough"])
def test_fit_writes_a_plan_that_runs_and_fits(
    tiny: str, text: str, tmp_path: Path, method: str
) -> None:
    # Large enough layers: what two processes take at rest differs by a MiB.
    shape = TinyModel(n_layers=6, n_embd=512, n_head=8, n_head_kv=8, n_ff=1024)
    tiny = str(write_tiny(Path(tiny), shape))
    [model] = read_sources([Path(tiny)])
    budget = whole_bytes(tiny) - int(1.5 * min(model.layer_bytes))
    out = str(tmp_path / "plan.txt")
    arguments = ("--model", tiny, "--file", text, "--ctx", "512", "--method", method)
    record = answer("fit", *arguments, "--budget", str(budget), "-o", out)
    assert record["memory_bytes"] <= budget
    assert len(record["left_out"]) == 2
    assert set(record["left_out"]) <= {2, 3, 4}
    assert record["points"][0]["left_out"] == []
    assert {"left_out", "memory_bytes", "perplexity"} == record["points"][0].keys()
    assert Path(out).read_text() == record["plan"]
    checked = answer("check", out, "--model", tiny)
    assert sorted({*checked["weight_layers"], *record["left_out"]}) == [0, 1, 2, 3, 4, 5]
    needed = answer("estimate", out, "--model", tiny, "--ctx", "512")
    assert needed["total_bytes"] == pytest.approx(record["memory_bytes"], rel=0.02)


def test_what_cannot_be_is_said_in_plain_words(tiny: str, text: str, tmp_path: Path) -> None:
    arguments = ("fit", "--model", tiny, "--file", text, "--budget")
    assert "1.0 MiB are too little" in complaint(*arguments, "1MiB").replace("1 MiB", "1.0 MiB")
    assert call(*arguments, "lots").returncode == 2
    short = tmp_path / "short.txt"
    short.write_text("the other")
    too_short = ("fit", "--model", tiny, "--file", str(short), "--budget", "1TB")
    assert "too short to compare plans" in complaint(*too_short)
    nowhere = str(tmp_path / "absent" / "plan.txt")
    assert "No such file" in complaint(*arguments, "1TB", "-o", nowhere)
    for command in (("perplexity",), ("influence",), ("fit", "--budget", "1GiB")):
        words = complaint(*command, "--model", tiny, "--file", tiny)
        assert "binary data" in words


def test_a_text_shorter_than_the_context_is_measured_and_that_is_said(
    tiny: str, text: str, tmp_path: Path
) -> None:
    short = tmp_path / "short.txt"
    short.write_text("the other one and the other")
    for command in (("perplexity",), ("influence",)):
        done = call(*command, "--model", tiny, "--file", str(short))
        assert done.returncode == 0
        assert "shorter than the context of 512 tokens" in done.stderr
        assert call(*command, "--model", tiny, "--file", text).stderr == ""


def test_amounts_of_memory_may_have_units() -> None:
    from app.cli.arguments import parse

    def budget(text: str) -> int:
        return int(parse(["fit", "--budget", text]).budget)

    assert budget("1000000") == 10**6
    assert budget("1.5G") == budget("1.5GiB") == budget("1.5 gib") == 3 << 29
    assert budget("2GB") == 2 * 10**9
    assert budget("512 KiB") == budget("512k") == 1 << 19
    for nonsense in ("", "-5", "GiB", "5 apples", "1e9", "nan"):
        with pytest.raises(SystemExit):
            budget(nonsense)
