"""The engine as the app drives it: a process that may be stopped, killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from app.engine.client import EngineClient, EngineState
from app.engine.errors import EngineDied, EngineError, JobCancelled
from app.engine.measuring.results import Perplexity
from app.engine.messages import (
    ChatMessage,
    Close,
    Done,
    EstimateMemory,
    EvaluatePerplexity,
    Generate,
    Open,
    OpenedPlan,
    Progress,
    Reply,
    Request,
    Result,
    Sampling,
    SetScales,
    TextPiece,
)
from app.memory.context_settings import ContextSettings
from app.memory.figures import MemoryEstimate
from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight
from tests.model_files.tiny import TinyModel, write_tiny

GREEDY = Sampling(temperature=0)
MERGED = Recipe(
    (
        RecipeWeight(0, 2, 0, -1),
        RecipeWeight(2, 4, 2, 0),
        RecipeWeight(4, 6, 0, 0),
        RecipeMerge(((1, 1.0), (2, 0.0))),
    )
)


class Engine:
    """A client, what it told, and a bounded way to wait for results."""

    def __init__(self) -> None:
        self.states: list[EngineState] = []
        self.client = EngineClient(self.states.append)

    def run(self, request: Request, on_event: Callable[[object], None] = lambda e: None) -> Result:
        return self.client.submit(request, on_event).result(timeout=120)

    @property
    def pid(self) -> int:
        return next(s.pid for s in reversed(self.states) if s.pid is not None)


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.client.close()


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[str, ...]:
    return (str(write_tiny(tmp_path / "tiny.gguf", TinyModel(n_layers=4, n_ctx_train=100_000))),)


def endless(n_predict: int = -1) -> Generate:
    return Generate((), "the", n_predict, Sampling(temperature=5.0, seed=1))


def on_text(then: Callable[[], None]) -> Callable[[object], None]:
    return lambda event: then() if isinstance(event, TextPiece) else None


def test_a_plan_is_opened_and_answers(engine: Engine, model_path: Path) -> None:
    events: list[object] = []
    opened = engine.run(Open((str(model_path),), Recipe.whole(30)), events.append)
    assert isinstance(opened, OpenedPlan)
    assert (opened.architecture, opened.n_weight_layers, opened.n_ctx) == ("llama", 30, 4096)
    assert "helpful AI assistant named SmolLM" in opened.default_system
    assert any(isinstance(e, Progress) and e.phase == "Loading weights" for e in events)

    question = (
        ChatMessage("system", ""),
        ChatMessage("user", "What is the capital of France?"),
    )
    pieces: list[str] = []
    reply = engine.run(
        Generate(question, None, 40, GREEDY),
        lambda e: pieces.append(e.text) if isinstance(e, TextPiece) else None,
    )
    assert isinstance(reply, Reply)
    assert reply.text == "".join(pieces) == "The capital of France is Paris."
    assert reply.statistics.stop_reason == "end"
    assert reply.statistics.n_prompt == reply.statistics.n_prompt_evaluated
    assert reply.statistics.plan_hash == Recipe.whole(30).hash
    assert reply.peak_rss_bytes > 90_000_000

    following = (
        *question,
        ChatMessage("assistant", reply.text),
        ChatMessage("user", "And of Spain?"),
    )
    second = engine.run(Generate(following, None, 5, GREEDY))
    assert isinstance(second, Reply)
    assert (
        second.statistics.n_prompt_evaluated
        < second.statistics.n_prompt - reply.statistics.n_prompt + 2
    )


def test_an_answer_that_was_begun_goes_on(engine: Engine, model_path: Path) -> None:
    engine.run(Open((str(model_path),), Recipe.whole(30)))
    question = ChatMessage("system", ""), ChatMessage("user", "What is the capital of France?")
    reply = engine.run(Generate(question, None, 40, GREEDY, begun="The capital of France"))
    assert isinstance(reply, Reply)
    assert (reply.text, reply.statistics.stop_reason) == (" is Paris.", "end")


def test_a_prefix_kept_gives_the_same_reply(engine: Engine, tiny: tuple[str, ...]) -> None:
    engine.run(Open(tiny, Recipe.whole(4)))
    first = engine.run(Generate((), "the one and the other", 20, GREEDY))
    engine.run(Generate((), "the one and another thing", 20, GREEDY))
    again = engine.run(Generate((), "the one and the other", 20, GREEDY))
    assert isinstance(first, Reply)
    assert isinstance(again, Reply)
    assert again.statistics.n_prompt_evaluated < first.statistics.n_prompt_evaluated
    assert again.text == first.text


def test_a_scale_changes_what_runs_and_is_heard_in_a_reply(
    engine: Engine, tiny: tuple[str, ...]
) -> None:
    opened = engine.run(Open(tiny, MERGED))
    assert isinstance(opened, OpenedPlan)
    plain = engine.run(Generate((), "the", 40, GREEDY))
    told = threading.Event()
    job = engine.client.submit(endless(), on_text(told.set))
    assert told.wait(60)
    assert engine.run(SetScales(((3, 1, 2.0),))) == Done()  # answered while the reply goes on
    assert not job.done()
    engine.client.cancel()
    reply = job.result(timeout=60)
    assert isinstance(reply, Reply)
    assert isinstance(plain, Reply)
    assert reply.statistics.plan_hash == MERGED.with_scale(3, 1, 2.0).hash != opened.plan_hash
    changed = engine.run(Generate((), "the", 40, GREEDY))
    assert isinstance(changed, Reply)
    # Read again at the new scale.
    assert changed.statistics.n_prompt_evaluated == changed.statistics.n_prompt
    assert changed.text != plain.text
    with pytest.raises(EngineError, match="no scale"):
        engine.run(SetScales(((3, 2, 1.0),)))


def test_stopping_keeps_what_was_said(engine: Engine, tiny: tuple[str, ...]) -> None:
    engine.run(Open(tiny, Recipe.whole(4), ContextSettings(n_ctx=100_000)))
    told = threading.Event()
    job = engine.client.submit(endless(), on_text(told.set))
    assert told.wait(60)
    engine.client.cancel()
    reply = job.result(timeout=60)
    assert isinstance(reply, Reply)
    assert reply.statistics.stop_reason == "cancelled"
    assert reply.statistics.n_generated > 0
    assert (
        reply.statistics.first_token_s
        > reply.statistics.n_prompt_evaluated / reply.statistics.prompt_tokens_per_s
    )


def test_a_waiting_job_can_be_cancelled(engine: Engine, tiny: tuple[str, ...]) -> None:
    engine.run(Open(tiny, Recipe.whole(4), ContextSettings(n_ctx=100_000)))
    text = "the other " * 30_000
    running = engine.client.submit(EvaluatePerplexity(tiny, Recipe.whole(4), text))
    engine.client.cancel()
    with pytest.raises(JobCancelled):
        running.result(timeout=60)
    assert isinstance(engine.run(endless(3)), Reply)


def test_a_listener_that_fails_ends_its_job_only(engine: Engine, tiny: tuple[str, ...]) -> None:
    engine.run(Open(tiny, Recipe.whole(4), ContextSettings(n_ctx=100_000)))

    def listen(event: object) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        engine.run(endless(), listen)
    assert isinstance(engine.run(endless(3)), Reply)


def test_the_context_fills_up(engine: Engine, tiny: tuple[str, ...]) -> None:
    engine.run(Open(tiny, Recipe.whole(4), ContextSettings(n_ctx=256)))
    reply = engine.run(Generate((), "the", -1, Sampling(temperature=100.0, top_k=5, seed=3)))
    assert isinstance(reply, Reply)
    if reply.statistics.stop_reason == "context_full":
        assert reply.statistics.n_ctx_used == 256
    with pytest.raises(EngineError, match=r"The prompt has \d+ tokens and the context holds 256"):
        engine.run(Generate((), "the other " * 300, 5, GREEDY))
    assert isinstance(engine.run(endless(3)), Reply)


def test_perplexity_does_not_depend_on_how_the_plan_is_cut(
    engine: Engine, model_path: Path
) -> None:
    text = "The capital of France is Paris. The capital of Spain is Madrid. " * 20
    paths = (str(model_path),)
    figures = []
    for recipe in (
        Recipe.whole(30),
        Recipe((RecipeWeight(0, 9, 0, -1), RecipeWeight(9, 30, 9, 0))),
        Recipe((RecipeWeight(0, 28, 0, -1),)),
    ):
        result = engine.run(EvaluatePerplexity(paths, recipe, text, ContextSettings(n_ctx=256)))
        assert isinstance(result, Perplexity)
        figures.append(replace(result, tokens_per_s=0))
    whole, cut, other = figures
    assert whole == cut != other
    assert whole.n_tokens == 127  # one full window; its second half is predicted
    with pytest.raises(EngineError, match="too short"):
        engine.run(EvaluatePerplexity(paths, Recipe.whole(30), "a"))


def test_the_estimate_is_what_is_then_held(engine: Engine, tiny: tuple[str, ...]) -> None:
    estimate = engine.run(EstimateMemory(tiny, MERGED, ContextSettings(n_ctx=2048)))
    assert isinstance(estimate, MemoryEstimate)
    assert estimate.kv_bytes == 6 * 2048 * 2 * 32 * 2
    assert estimate.total_bytes > estimate.process_bytes > 10_000_000


def test_memory_that_is_refused_is_said_and_the_next_plan_opens(
    engine: Engine, tiny: tuple[str, ...]
) -> None:
    blocks = tuple(RecipeWeight(4 * n, 4 * n + 4, 0, n - 1) for n in range(128))
    with pytest.raises(EngineError, match=r"not enough memory.*Shorten the context"):
        engine.run(Open(tiny, Recipe(blocks), ContextSettings(1 << 23, kv_type="f32")))
    assert isinstance(engine.run(Open(tiny, MERGED, ContextSettings(256))), OpenedPlan)


@pytest.mark.parametrize("moment", ["idle", "loading", "answering"])
def test_a_killed_engine_is_told_and_the_next_job_starts_another(
    engine: Engine, tiny: tuple[str, ...], moment: str
) -> None:
    opening = Open(tiny, Recipe.whole(4), ContextSettings(n_ctx=100_000))
    engine.run(Close())
    first = engine.pid
    if moment == "answering":
        engine.run(opening)
        told = threading.Event()
        job = engine.client.submit(endless(), on_text(told.set))
        assert told.wait(60)
    elif moment == "loading":
        job = engine.client.submit(opening, lambda e: os.kill(first, signal.SIGKILL))
    os.kill(first, signal.SIGKILL)
    if moment != "idle":
        with pytest.raises(EngineDied, match="killed"):
            job.result(timeout=60)
    else:
        wait_until(lambda: engine.states[-1].phase == "died")
        assert "killed" in engine.states[-1].detail
    assert isinstance(engine.run(opening), OpenedPlan)
    assert engine.pid != first


def test_nothing_is_left_behind(tiny: tuple[str, ...]) -> None:
    engine = Engine()
    engine.run(Open(tiny, Recipe.whole(4), ContextSettings(n_ctx=100_000)))
    told = threading.Event()
    job = engine.client.submit(endless(), on_text(told.set))
    assert told.wait(60)
    engine.client.close()
    assert not psutil.pid_exists(engine.pid)
    with pytest.raises(JobCancelled):
        job.result(timeout=1)


def test_the_engine_ends_with_the_app() -> None:
    """Also when the app is killed and can close nothing."""
    app = subprocess.Popen(
        [sys.executable, "-c", _APP],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert app.stdout is not None
    pid = int(app.stdout.readline())
    app.kill()
    app.wait()
    app.stdout.close()
    wait_until(lambda: not psutil.pid_exists(pid))


_APP = """
import time
from app.engine.client import EngineClient
from app.engine.messages import Close
states = []
client = EngineClient(states.append)
client.submit(Close()).result()
print(states[-1].pid, flush=True)
time.sleep(600)
"""


def test_the_engine_process_knows_nothing_of_the_window() -> None:
    code = "import sys, app.engine.host; print({'PySide6', 'qasync'} & sys.modules.keys())"
    out = subprocess.run(
        [sys.executable, "-c", code], text=True, capture_output=True, cwd=Path(__file__).parents[2]
    )
    assert out.stdout.strip() == "set()"


def test_bad_model_files_are_explained(engine: Engine, tmp_path: Path, tiny: tuple[str]) -> None:
    short = tmp_path / "short.gguf"
    short.write_bytes(Path(tiny[0]).read_bytes()[:-4000])
    noise = tmp_path / "noise.gguf"
    noise.write_bytes(os.urandom(10_000))
    foreign = write_tiny(tmp_path / "foreign.gguf", TinyModel(architecture="gptj"))
    for path, words in (
        (short, "cut off"),
        (noise, "GGUF"),
        (foreign, "could not be loaded|not supported"),
        (tmp_path / "absent.gguf", "no file"),
    ):
        with pytest.raises(EngineError, match=words):
            engine.run(Open((str(path),), Recipe.whole(4)))
    with pytest.raises(EngineError, match="No plan is open"):
        engine.run(endless(1))
    assert isinstance(engine.run(Open(tiny, Recipe.whole(4))), OpenedPlan)


def test_a_model_without_template_says_how_to_go_on(engine: Engine, tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "raw.gguf", TinyModel(chat_template=None))
    opened = engine.run(Open((str(path),), Recipe.whole(4)))
    assert isinstance(opened, OpenedPlan)
    assert not opened.has_chat_template
    with pytest.raises(EngineError, match="raw mode"):
        engine.run(Generate((ChatMessage("user", "hello"),)))


def test_weights_are_kept_while_the_next_plan_can_use_them(
    engine: Engine, tiny: tuple[str, ...]
) -> None:
    def n_loads(request: Open) -> int:
        told: list[object] = []
        engine.run(request, told.append)
        return sum(isinstance(e, Progress) and e.fraction == 1.0 for e in told)

    assert n_loads(Open(tiny, Recipe((RecipeWeight(0, 3, 0, -1),)))) == 1
    assert n_loads(Open(tiny, Recipe((RecipeWeight(0, 2, 1, -1),)))) == 0
    assert n_loads(Open(tiny, Recipe.whole(4))) == 1
    write_tiny(Path(tiny[0]), TinyModel(n_layers=5, seed=2))
    assert n_loads(Open(tiny, Recipe.whole(4))) == 1


def wait_until(condition: Callable[[], bool], timeout_s: float = 30) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)
