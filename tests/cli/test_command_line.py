"""`main.py` as scripts call it: exit status, JSON keys, and errors in one or two plain lines."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from gguf import GGMLQuantizationType

from app.memory.context_settings import ContextSettings
from app.memory.estimate import estimate_exact
from app.model_files.sources import read_sources
from app.plan.lowering import lower
from app.plan.reader import read_plan
from tests.main_program import answer, call, complaint
from tests.model_files.split import write_split
from tests.model_files.tiny import TinyModel, write_tiny

ROOT = Path(__file__).parents[2]
PACK = ROOT.parent / "shared" / "models" / "smollm2-pirate-layers-22-29.Q8_0.gguf"
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


def test_files_are_named_from_the_folder_that_one_is_in(tmp_path: Path, tiny: str) -> None:
    name = Path(tiny).name
    estimated = call("estimate", "--model", name, folder=tmp_path)
    assert estimated.returncode == 0, estimated.stderr
    (tmp_path / "two.txt").write_text("WeightBlock; 0; 2; 1; -1\nTotalLayers; 2\n")
    baked = call("bake", "two.txt", "--model", name, "-o", "two.gguf", folder=tmp_path)
    assert baked.returncode == 0, baked.stderr
    assert (tmp_path / "two.gguf").exists()


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
        (("absent-command",), 2, "no such file or command"),
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
    assert "A weight block has no scales" in complaint(*arguments, status=2)


TWO_FILES = """\
WeightBlock; 0; 4; 0; -1
WeightBlock; 4; 6; 5; 0
WeightBlock; 6; 8; 2; 0
MergeBlock; 1; 0.5; 2; 0.5
TotalLayers; 8
"""


@pytest.fixture
def second(tmp_path: Path) -> str:
    model = TinyModel(n_layers=3, seed=1, quantisation=GGMLQuantizationType.Q8_0)
    return str(write_tiny(tmp_path / "second.gguf", model))


@pytest.fixture
def two_files(tmp_path: Path) -> str:
    path = tmp_path / "two_files.txt"
    path.write_text(TWO_FILES)
    return str(path)


def test_weight_layers_are_numbered_on_through_the_models(
    two_files: str, tiny: str, second: str
) -> None:
    record = answer("check", two_files, "--model", tiny, "--model", second)
    assert record["weight_layers"] == [0, 1, 2, 3, 5, 6]
    done = call("check", two_files, "--model", tiny)
    assert done.returncode == 1
    assert "weight layers 5-6" in done.stdout


def test_a_plan_over_two_models_runs(
    two_files: str, tiny: str, second: str, tmp_path: Path
) -> None:
    models = ("--model", tiny, "--model", second)
    estimate = answer("estimate", two_files, *models, "--ctx", "256")
    plan = read_plan(TWO_FILES).plan
    assert plan is not None
    sources = read_sources([Path(tiny), Path(second)])
    parts = estimate_exact(sources, lower(plan).recipe, ContextSettings(256))
    assert estimate["weights_bytes"] == parts.weights_bytes
    assert estimate["kv_bytes"] == parts.kv_bytes
    prompt = ("--raw", "--prompt", "the other", "--n-predict", "12", "--temp", "0")
    first_only = answer(
        "generate", two_files, *models, *prompt, "--scale", "3:0=0", "--scale", "3:1=1"
    )
    cut = tmp_path / "cut.txt"
    cut.write_text("WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 6; 2; 0\nTotalLayers; 6\n")
    assert first_only["text"] == answer("generate", str(cut), "--model", tiny, *prompt)["text"]
    text = tmp_path / "text.txt"
    text.write_text("the other and the other in the one " * 4)
    mixed = answer("perplexity", two_files, *models, "--file", str(text))
    assert mixed != answer("perplexity", str(cut), "--model", tiny, "--file", str(text))


@pytest.mark.skipif(not PACK.exists(), reason="the layer pack is not there")
def test_a_fine_tune_is_mixed_in_from_a_layer_pack(model_path: Path, tmp_path: Path) -> None:
    plan = tmp_path / "pirate.txt"
    plan.write_text(
        "WeightBlock; 0; 22; 0; -1\nWeightBlock; 22; 30; 22; 0\nWeightBlock; 30; 38; 30; 0\n"
        "MergeBlock; 1; 1; 2; 0\nTotalLayers; 38\n"
    )
    question = ("--prompt", "What is the capital of France?", "--system", "", "--temp", "0")
    models = ("--model", str(model_path), "--model", str(PACK))
    arguments = ("generate", str(plan), *models, *question, "--n-predict", "16")
    assert answer(*arguments)["text"] == "The capital of France is Paris."
    pirate = answer(*arguments, "--scale", "3:0=0", "--scale", "3:1=1")["text"]
    assert pirate.startswith("Arrr, th' capital o' France be Paris.")


def test_models_that_do_not_fit_are_refused(two_files: str, tiny: str, tmp_path: Path) -> None:
    wider = str(write_tiny(tmp_path / "wider.gguf", TinyModel(n_embd=128)))
    words = complaint("check", two_files, "--model", tiny, "--model", wider)
    assert "“wider.gguf” does not fit “tiny.gguf”: its width (n_embd) is 128 instead of 64" in words
    words = complaint("estimate", "--model", tiny, "--model", tiny)
    assert "listed twice" in words


def test_several_models_need_a_plan(tiny: str, second: str) -> None:
    models = ("--model", tiny, "--model", second)
    assert "need a PLAN" in complaint("check", *models, status=2)
    assert "need a PLAN" in complaint("generate", *models, "--prompt", "x", status=2)


def test_a_split_model_is_opened_by_its_first_part(tiny: str, tmp_path: Path) -> None:
    parts = write_split(Path(tiny), tmp_path / "split.gguf", tensors_a_part=10)
    assert len(parts) > 2
    prompt = ("--raw", "--prompt", "the other", "--n-predict", "8", "--temp", "0")
    whole = answer("generate", "--model", tiny, *prompt)
    assert answer("generate", "--model", str(parts[0]), *prompt)["text"] == whole["text"]
    words = complaint("generate", "--model", str(parts[1]), *prompt)
    assert f"Open its first part, “{parts[0].name}”" in words


def test_the_kv_cache_in_another_type(tmp_path: Path) -> None:
    model = str(write_tiny(tmp_path / "wide.gguf", TinyModel(n_embd=128)))
    estimates = {
        kv_type: answer("estimate", "--model", model, "--ctx", "512", "--kv-type", kv_type)
        for kv_type in ("f16", "q8_0", "Q4_0")
    }
    assert estimates["f16"]["kv_bytes"] * 17 == estimates["q8_0"]["kv_bytes"] * 32
    assert estimates["f16"]["kv_bytes"] * 9 == estimates["Q4_0"]["kv_bytes"] * 32
    text = tmp_path / "text.txt"
    text.write_text("the other and the other in the one " * 4)
    arguments = ("perplexity", "--model", model, "--file", str(text))
    usual = answer(*arguments)
    without = answer(*arguments, "--flash-attn", "off")
    rough = answer(*arguments, "--kv-type", "q4_0", "--flash-attn", "on")
    assert without["nll"] == pytest.approx(usual["nll"], abs=0.01)
    assert rough["nll"] != usual["nll"]
    assert rough["nll"] == pytest.approx(usual["nll"], abs=0.5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--kv-type", "q9"), "“q9” is not a KV cache type (f32, f16,"),
        (("--flash-attn", "maybe"), "“maybe” is not on, off or auto"),
        (("--kv-type", "q8_0", "--flash-attn", "off"), "needs flash attention"),
        (("--kv-type", "q8_0"), "the heads of “tiny.gguf” have 16 elements"),
    ],
)
def test_context_settings_that_cannot_be_are_refused(
    tiny: str, arguments: tuple[str, ...], words: str
) -> None:
    done = call("generate", "--model", tiny, "--prompt", "x", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


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


def test_output_that_the_disk_does_not_take_is_told(plan: str) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "main.py", "export", plan, "--format", "strict"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr == "main.py: The output could not be written: No space left on device.\n"


def test_a_plan_runs_on_the_model_files_that_it_names(tmp_path: Path) -> None:
    base = write_tiny(tmp_path / "base.gguf", TinyModel(n_layers=2))
    write_tiny(tmp_path / "fine tune.gguf", TinyModel(n_layers=2, seed=1))
    path = tmp_path / "named.txt"
    path.write_text(
        '#@ llama-blocks {"version": 1, "sources": ["base.gguf", "fine tune.gguf"]}\n'
        "WeightBlock; 0; 1; 0; -1\nWeightBlock; 1; 2; 3; 0\nTotalLayers; 2\n"
    )
    text = tmp_path / "text.txt"
    text.write_text("the other and the other in the one " * 4)
    measured = ("--file", str(text))
    named = answer("perplexity", str(path), *measured)
    models = ("--model", str(base), "--model", str(tmp_path / "fine tune.gguf"))
    assert answer("perplexity", str(path), *models, *measured) == named
    unnamed = tmp_path / "unnamed.txt"
    unnamed.write_text("WeightBlock; 0; 2; 0; -1\nTotalLayers; 2\n")
    both = answer("difference", str(unnamed), str(path), *measured)
    assert both["other_perplexity"] == pytest.approx(named["perplexity"])
    (tmp_path / "fine tune.gguf").unlink()
    words = complaint("generate", str(path), "--prompt", "x", status=2)
    assert "“fine tune.gguf”, one of the plan's model files, was not found" in words


def test_plans_over_different_files_are_not_held_against_each_other(tmp_path: Path) -> None:
    for name in "ab":
        write_tiny(tmp_path / f"{name}.gguf", TinyModel(n_layers=2))
        (tmp_path / f"{name}.txt").write_text(
            f'#@ llama-blocks {{"sources": ["{name}.gguf"]}}\n'
            "WeightBlock; 0; 2; 0; -1\nTotalLayers; 2\n"
        )
    words = complaint("difference", str(tmp_path / "a.txt"), str(tmp_path / "b.txt"), status=2)
    assert "different model files" in words
