"""`main.py estimate`: per block, against what is free, and what would help."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.main_program import answer, call, complaint
from tests.model_files.large_header import N_LAYERS, write_large_header
from tests.model_files.tiny import TinyModel, write_tiny

GIB = 1 << 30
PLAN = """\
WeightBlock; 0; 4; 0; -1
WeightBlock; 4; 6; 2; 0
MergeBlock; 0; 0.5; 1; 0.5
TotalLayers; 6
"""


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    return str(write_tiny(tmp_path / "tiny.gguf", TinyModel(n_embd=256, n_ff=1024)))


@pytest.fixture
def plan(tmp_path: Path) -> str:
    path = tmp_path / "plan.txt"
    path.write_text(PLAN)
    return str(path)


def test_each_block_has_its_figures(plan: str, tiny: str) -> None:
    record = answer("estimate", plan, "--model", tiny, "--ctx", "512")
    first, second, merge = record["blocks"]
    assert [block["block"] for block in record["blocks"]] == [0, 1, 2]
    assert first["weights_bytes"] == 2 * second["weights_bytes"]
    assert second["own_weights_bytes"] == merge["weights_bytes"] == merge["kv_bytes"] == 0
    assert first["kv_bytes"] + second["kv_bytes"] == record["kv_bytes"]
    lines = call("estimate", plan, "--model", tiny).stdout.splitlines()
    assert lines[0].split() == ["Block", "layers", "weights", "shared", "KV", "cache"]
    assert [line.split()[:2] for line in lines[1:3]] == [["0", "0-3"], ["1", "2-3"]]


def test_a_smaller_batch_needs_less_and_a_copy_is_not_mapped(plan: str, tiny: str) -> None:
    usual = answer("estimate", plan, "--model", tiny)
    small = answer("estimate", plan, "--model", tiny, "--batch", "16")
    copied = answer("estimate", plan, "--model", tiny, "--no-mmap")
    assert small["compute_bytes"] < usual["compute_bytes"] / 2
    assert usual["mapped_bytes"] > usual["weights_bytes"] * 0.9
    assert copied["mapped_bytes"] == 0
    assert copied["weights_bytes"] == usual["weights_bytes"]
    physical = answer("estimate", plan, "--model", tiny, "--ubatch", "16")
    assert physical["compute_bytes"] < usual["compute_bytes"] / 2
    assert physical["kv_bytes"] == usual["kv_bytes"]
    assert "--ubatch: “0” is not a whole" in call("estimate", "--ubatch", "0").stderr
    refusal = call("estimate", "--batch", "0").stderr
    assert "--batch: “0” is not a whole number from 1 to 65536" in refusal


def test_what_does_not_fit_is_said_with_what_helps(tmp_path: Path) -> None:
    large = str(write_large_header(tmp_path / "large.gguf"))
    arguments = ("estimate", "--model", large, "--ctx", str(1 << 20))
    record = answer(*arguments)
    assert (record["verdict"], record["fits"]) == ("does_not_fit", False)
    assert {change["kind"] for change in record["changes"]} == {"kv_type", "context", "layers"}
    missing_bytes = record["total_bytes"] - record["available_bytes"]
    for change in record["changes"]:
        assert change["suffices"] == (change["gain_bytes"] >= missing_bytes)
    text = call(*arguments).stdout
    assert "Does not fit: " in text
    assert "What helps most: " in text
    assert "use a q8_0 KV cache" in text


def test_a_reserve_is_kept(plan: str, tiny: str) -> None:
    record = answer("estimate", plan, "--model", tiny, "--reserve", "900 TiB")
    assert (record["verdict"], record["fits"]) == ("tight", True)
    assert record["reserve_bytes"] == 900 << 40
    text = call("estimate", plan, "--model", tiny, "--reserve", "900 TiB").stdout
    assert "of the 900 TiB kept free" in text
    assert "not an amount of memory" in call("estimate", "--reserve", "much").stderr


def test_a_large_model_is_estimated_from_its_header(tmp_path: Path) -> None:
    """Its 37 GiB of weights are a hole in the file: to read them all takes tens of seconds, and
    memory that most machines do not have."""
    path = write_large_header(tmp_path / "large.gguf")
    assert path.stat().st_size > 36 * GIB > path.stat().st_blocks * 512
    record = answer("estimate", "--model", str(path), "--ctx", "8192", "--kv-type", "q8_0")
    assert record["weights_bytes"] > 36 * GIB
    assert record["kv_bytes"] == N_LAYERS * 8192 * 2 * 1024 * 34 // 32
    assert record["process_bytes"] < GIB


def test_the_beginning_of_a_download_is_enough(tmp_path: Path, tiny: str) -> None:
    whole = Path(tiny).read_bytes()
    short = tmp_path / "short.gguf"
    short.write_bytes(whole[: len(whole) // 2])
    parts = ("weights_bytes", "kv_bytes", "blocks")
    record, expected = (answer("estimate", "--model", m) for m in (str(short), tiny))
    assert [record[part] for part in parts] == [expected[part] for part in parts]
    text = call("estimate", "--model", str(short)).stdout
    assert f"Read from the header only: {short}." in text
    assert short.stat().st_size == len(whole) // 2
    assert "cut off" in complaint("generate", "--prompt", "Hi", "--model", str(short))


@pytest.mark.parametrize("n_bytes", [0, 3, 100])
def test_what_ends_within_its_header_is_said_so(tmp_path: Path, tiny: str, n_bytes: int) -> None:
    short = tmp_path / "short.gguf"
    short.write_bytes(Path(tiny).read_bytes()[:n_bytes])
    assert "short.gguf" in complaint("estimate", "--model", str(short))
    assert "none.gguf" in complaint("estimate", "--model", str(tmp_path / "none.gguf"))
