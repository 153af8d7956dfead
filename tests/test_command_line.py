"""`main.py` as scripts call it: exit status, JSON keys, and errors in one or two plain lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.model_files.tiny import TinyModel, write_tiny

ROOT = Path(__file__).parents[1]
PLAN = """\
WeightBlock; 0; 2; 0; -1
WeightBlock; 2; 4; 2; 0
WeightBlock; 4; 5; 3; 0
MergeBlock; 1; 1.0; 2; 0.0
TotalLayers; 5
"""


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    return str(write_tiny(tmp_path / "tiny.gguf", TinyModel(n_layers=4)))


@pytest.fixture
def plan(tmp_path: Path) -> str:
    path = tmp_path / "plan.txt"
    path.write_text(PLAN)
    return str(path)


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    # no display, whatever the tests run under
    no_display = {k: v for k, v in os.environ.items() if "DISPLAY" not in k and "QPA" not in k}
    return subprocess.run(
        [sys.executable, "main.py", *arguments],
        cwd=ROOT,
        env=no_display,
        capture_output=True,
        text=True,
        timeout=120,
    )


def answer(*arguments: str) -> dict[str, Any]:
    done = call(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def complaint(*arguments: str, status: int = 1) -> str:
    done = call(*arguments)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert 1 <= len(done.stderr.strip().splitlines()) <= 2
    return done.stderr


def test_a_valid_plan_is_checked(plan: str, tiny: str) -> None:
    assert answer("check", plan, "--model", tiny) == {
        "ok": True,
        "problems": [],
        "n_plan_layers": 5,
        "weight_layers": [0, 1, 2, 3],
        "notes": [],
    }
    assert "Valid: 5 plan layers on 4 weight layers." in call("check", plan).stdout


def test_problems_are_told_all_at_once(tmp_path: Path, tiny: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_text("WeightBlock; 0; 2; 0; -1\nWeightBlock; 3; 4; 9; 7\nTotalLayers; 9\n")
    done = call("check", str(path), "--model", tiny, "--json")
    assert done.returncode == 1
    record = json.loads(done.stdout)
    assert not record["ok"]
    problems = record["problems"]
    assert {p["code"] for p in problems} >= {"numbering", "missing-input", "weight-range"}
    assert all(p.keys() == {"line", "block", "code", "message", "fix"} for p in problems)
    assert {p["line"] for p in problems} >= {2, 3}
    plain = call("check", str(path), "--model", tiny)
    assert plain.returncode == 1
    assert f"{path}:2: " in plain.stdout


def test_an_estimate_adds_up(plan: str, tiny: str) -> None:
    record = answer("estimate", plan, "--model", tiny, "--ctx", "512")
    parts = ("weights_bytes", "kv_bytes", "compute_bytes", "process_bytes")
    assert record["total_bytes"] == sum(record[part] for part in parts)
    assert record["kv_bytes"] == 5 * 512 * 2 * 32 * 2
    assert record["available_bytes"] > 0
    assert record["fits"] is (record["total_bytes"] <= record["available_bytes"])
    assert "Fits" in call("estimate", plan, "--model", tiny).stdout


def test_generation_is_told_and_repeats_with_its_seed(plan: str, tiny: str) -> None:
    arguments = ("generate", plan, "--model", tiny, "--prompt", "the other", "--raw")
    arguments += ("--n-predict", "12", "--seed", "7", "--threads", "1", "--ctx", "256")
    record = answer(*arguments)
    assert record.keys() == {
        "text",
        "n_prompt",
        "n_generated",
        "prompt_tokens_per_s",
        "tokens_per_s",
        "stop_reason",
        "engine_peak_rss_bytes",
        "plan_hash",
        "seed",
    }
    assert record["n_generated"] <= 12
    assert record["seed"] == 7
    streamed = call(*arguments)
    assert streamed.stdout.rstrip("\n") == record["text"].rstrip("\n")
    assert answer(*arguments, "--scale", "3:1=0.5")["plan_hash"] != record["plan_hash"]
    whole = answer("generate", "--model", tiny, "--prompt", "the", "--n-predict", "3")
    assert whole["n_prompt"] > record["n_prompt"]  # the template's own words


def test_the_bundled_model_is_the_default_and_the_system_message_counts() -> None:
    question = ("generate", "--prompt", "What is the capital of France?", "--temp", "0")
    empty = answer(*question, "--system", "", "--n-predict", "24")
    assert empty["text"] == "The capital of France is Paris."
    assert empty["stop_reason"] == "end"
    default = answer(*question, "--n-predict", "24")
    assert default["n_prompt"] > empty["n_prompt"]


def test_perplexity_has_all_digits(tiny: str, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("the other and the other in the one " * 4)
    cut = tmp_path / "cut.txt"
    cut.write_text("WeightBlock; 0; 1; 0; -1\nWeightBlock; 1; 4; 1; 0\nTotalLayers; 4\n")
    whole = answer("perplexity", "--model", tiny, "--file", str(text))
    assert whole.keys() == {"nll", "perplexity", "n_tokens"}
    assert whole == answer("perplexity", str(cut), "--model", tiny, "--file", str(text))
    scaled = tmp_path / "scaled.txt"
    scaled.write_text(PLAN.replace("1.0; 2; 0.0", "0.5; 2; 0.5"))
    assert whole != answer("perplexity", str(scaled), "--model", tiny, "--file", str(text))


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("check", "absent.txt"), 2, "No such file"),
        (("generate", "--model", "absent.gguf", "--prompt", "x"), 1, "no file"),
        (("generate", "--model", "main.py", "--prompt", "x"), 1, "GGUF"),
        (("perplexity", "--file", "absent.txt"), 1, "No such file"),
        (("absent-command",), 2, "no such file, nor a command"),
        ((), 1, "no display"),
    ],
)
def test_mistakes_are_answered_in_plain_words(
    arguments: tuple[str, ...], status: int, words: str
) -> None:
    assert words in complaint(*arguments, status=status)


def test_a_plan_for_another_model_is_refused(plan: str, tmp_path: Path) -> None:
    smaller = str(write_tiny(tmp_path / "smaller.gguf", TinyModel(n_layers=3)))
    words = complaint("generate", plan, "--model", smaller, "--prompt", "x")
    assert "the model has only 3" in words


def test_wrong_usage_ends_with_2(plan: str, tiny: str) -> None:
    assert call("generate", plan, "--model", tiny).returncode == 2
    assert call("generate", plan, "--prompt", "x", "--scale", "nonsense").returncode == 2
    arguments = ("generate", plan, "--model", tiny, "--prompt", "x", "--scale", "0:0=1")
    assert "no merge block" in complaint(*arguments, status=2)


def test_a_prompt_longer_than_the_context_is_refused(tiny: str) -> None:
    words = complaint("generate", "--model", tiny, "--prompt", "the " * 400, "--ctx", "256")
    assert "the context holds 256" in words


def test_a_reader_that_leaves_ends_the_command(tiny: str) -> None:
    arguments = ("generate", "--model", tiny, "--raw", "--prompt", "the", "--temp", "9")
    with subprocess.Popen(
        [sys.executable, "main.py", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.wait(timeout=60) == 1
        assert b"Traceback" not in process.stderr.read()
