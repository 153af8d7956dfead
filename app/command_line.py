"""The command line: what `main.py` does with its arguments."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from app.arguments import parse
from app.engine.client import EngineClient, OnEvent
from app.engine.errors import EngineError
from app.engine.messages import (
    ChatMessage,
    ContextSettings,
    EstimateMemory,
    EvaluatePerplexity,
    Generate,
    MemoryEstimate,
    Open,
    Perplexity,
    Progress,
    Reply,
    Request,
    Result,
    Sampling,
    TextPiece,
)
from app.model_files.errors import ModelFileError
from app.model_files.model_file import ModelFile
from app.plan.files import load
from app.plan.lowering import lower
from app.plan.problem import PlanError, Problem, errors
from app.plan.recipe import Recipe

_DISPLAYS = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
EXIT_PROBLEMS = 1
EXIT_USAGE = 2


class UserError(Exception):
    """Something the user can mend, in one or two lines."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def main(arguments: Sequence[str]) -> int:
    """Runs a command, or opens the window; the exit status."""
    options = parse(arguments)
    try:
        return _COMMANDS[options.command](options)
    except UserError as error:
        print(f"main.py: {error}", file=sys.stderr)
        return error.status
    except (ModelFileError, EngineError) as error:
        print(f"main.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has left, and so do we
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


# --- commands ---------------------------------------------------------------------------------


def check(options: argparse.Namespace) -> int:
    """Says what is wrong with a plan."""
    if options.plan is None:
        problems: tuple[Problem, ...] = ()
        recipe: Recipe | None = _whole_model(_sources(options.model))
    else:
        n_layers = _n_weight_layers(_sources(options.model)) if options.model else None
        problems, recipe = _read_plan(options.plan, n_layers)
    wrong = errors(problems)
    if options.json:
        _print_json(
            {
                "ok": not wrong,
                "problems": [_problem_record(p) for p in wrong],
                "n_plan_layers": recipe.n_plan_layers if recipe else None,
                "weight_layers": list(recipe.weight_layers) if recipe else None,
                "notes": [_problem_record(p) for p in problems if p not in wrong],
            }
        )
        return EXIT_PROBLEMS if wrong else 0
    for problem in problems:
        print(_problem_line(options.plan, problem))
    if recipe and not wrong:
        n_weights = len(recipe.weight_layers)
        print(f"Valid: {recipe.n_plan_layers} plan layers on {n_weights} weight layers.")
    return EXIT_PROBLEMS if wrong else 0


def estimate(options: argparse.Namespace) -> int:
    """Says how much memory a plan will take."""
    from app.memory.amounts import format_bytes
    from app.memory.machine import available_bytes
    from app.memory.verdict import judge

    models, recipe = _sources_and_recipe(options)
    request = EstimateMemory(_paths(models), recipe, _context_settings(options, models))
    with _engine() as run:
        needed = run(request)
    assert isinstance(needed, MemoryEstimate)
    free_bytes = available_bytes()
    verdict = judge(needed.total_bytes, free_bytes)
    if options.json:
        _print_json(
            {
                "weights_bytes": needed.weights_bytes,
                "kv_bytes": needed.kv_bytes,
                "compute_bytes": needed.compute_bytes,
                "process_bytes": needed.process_bytes,
                "total_bytes": needed.total_bytes,
                "available_bytes": free_bytes,
                "fits": needed.total_bytes <= free_bytes,
            }
        )
        return 0
    for label, amount in (
        ("Weights", needed.weights_bytes),
        ("KV cache", needed.kv_bytes),
        ("Compute", needed.compute_bytes),
        ("Process", needed.process_bytes),
        ("Total", needed.total_bytes),
        ("Available", free_bytes),
    ):
        print(f"{label:<10} {format_bytes(amount):>10}")
    print(verdict.words)
    return 0


def generate(options: argparse.Namespace) -> int:
    """Answers a prompt with a plan."""
    models, recipe = _sources_and_recipe(options)
    for block, port, scale in options.scale:
        try:
            recipe = recipe.with_scale(block, port, scale)
        except ValueError as error:
            raise UserError(f"--scale: {error}", EXIT_USAGE) from error
    sampling = Sampling(temperature=options.temp, seed=options.seed)
    if options.raw:
        request = Generate((), options.prompt, options.n_predict, sampling)
    else:
        system = () if options.system is None else (ChatMessage("system", options.system),)
        messages = (*system, ChatMessage("user", options.prompt))
        request = Generate(messages, None, options.n_predict, sampling)

    def stream(event: Progress | TextPiece) -> None:
        if isinstance(event, TextPiece):
            print(event.text, end="", flush=True)

    opening = Open(_paths(models), recipe, _context_settings(options, models))
    with _engine() as run:
        run(opening)
        reply = run(request, on_event=None if options.json else stream)
    assert isinstance(reply, Reply)
    if options.json:
        _print_json(
            {
                "text": reply.text,
                "n_prompt": reply.n_prompt,
                "n_generated": reply.n_generated,
                "prompt_tokens_per_s": reply.prompt_tokens_per_s,
                "tokens_per_s": reply.tokens_per_s,
                "stop_reason": reply.stop_reason,
                "engine_peak_rss_bytes": reply.peak_rss_bytes,
                "plan_hash": reply.plan_hash,
                "seed": reply.seed,
            }
        )
    else:
        print()
    return 130 if reply.stop_reason == "cancelled" else 0


def perplexity(options: argparse.Namespace) -> int:
    """Measures how well a plan predicts a text."""
    models, recipe = _sources_and_recipe(options)
    try:
        text = Path(options.file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{options.file}: not a UTF-8 text (byte {error.start}).") from error
    except OSError as error:
        raise UserError(f"{options.file}: {error.strerror}.") from error
    settings = _context_settings(options, models)
    with _engine() as run:
        result = run(EvaluatePerplexity(_paths(models), recipe, text, settings))
    assert isinstance(result, Perplexity)
    if options.json:
        _print_json(
            {"nll": result.nll, "perplexity": result.perplexity, "n_tokens": result.n_tokens}
        )
    else:
        print(
            f"Perplexity {result.perplexity:.4f} (nll {result.nll:.6f}, {result.n_tokens} tokens)"
        )
    return 0


def tour(options: argparse.Namespace) -> int:
    """Makes the window's main journey by itself and saves a picture of each step."""
    from app.ui.tour import run

    return run(Path(options.out))


def open_window(options: argparse.Namespace) -> int:
    """Opens the window."""
    for plan in [p for p in options.plans if not Path(p).exists()]:
        raise UserError(
            f"{plan}: there is no such file, nor a command of that name (main.py --help).",
            EXIT_USAGE,
        )
    if sys.platform == "linux" and not os.environ.keys() & _DISPLAYS:
        raise UserError(
            "There is no display to open a window on. “main.py tour” makes the window's journey "
            "without one, and the other commands need none (main.py --help)."
        )
    from app.ui.application import run

    return run(options.plans, options.model)


# --- what the commands share --------------------------------------------------------------------


@contextmanager
def _engine() -> Iterator[_Runner]:
    client = EngineClient()
    try:
        yield _Runner(client)
    finally:
        client.close()


class _Runner:
    """Does requests one by one; Ctrl-C stops the one that runs and keeps what it gives."""

    def __init__(self, client: EngineClient) -> None:
        self._client = client

    def __call__(self, request: Request, on_event: OnEvent | None = None) -> Result:
        future: Future[Result] = self._client.submit(request, on_event or (lambda event: None))
        try:
            return future.result()
        except KeyboardInterrupt:
            if not isinstance(request, Generate):
                raise
            self._client.cancel()
            return future.result()


def _sources(paths: Sequence[str]) -> tuple[ModelFile, ...]:
    """The model files named, else the bundled one."""
    from app.engine.bundled import bundled_model
    from app.model_files.sources import read_sources

    return read_sources([Path(path) for path in paths] or [bundled_model()])


def _n_weight_layers(models: Sequence[ModelFile]) -> int:
    return sum(model.n_layers for model in models)


def _paths(models: Sequence[ModelFile]) -> tuple[str, ...]:
    return tuple(str(model.path) for model in models)


def _whole_model(models: Sequence[ModelFile]) -> Recipe:
    if len(models) > 1:
        raise UserError(
            "Several model files need a PLAN that says which of their layers run and in which "
            "order.",
            EXIT_USAGE,
        )
    return Recipe.whole(models[0].n_layers)


def _read_plan(path: str, n_weight_layers: int | None) -> tuple[tuple[Problem, ...], Recipe | None]:
    """All problems of the plan in a file, and the recipe where it has no errors."""
    try:
        read = load(path, n_weight_layers)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}.", EXIT_USAGE) from error
    if read.plan is None or errors(read.problems):
        return read.problems, None
    try:
        return read.problems, lower(read.plan).recipe
    except PlanError as error:
        return (*read.problems, *error.problems), None


def _sources_and_recipe(
    options: argparse.Namespace,
) -> tuple[tuple[ModelFile, ...], Recipe]:
    """What to run. Raises UserError with the first problems of a plan that can't."""
    models = _sources(options.model)
    if options.plan is None:
        return models, _whole_model(models)
    problems, recipe = _read_plan(options.plan, _n_weight_layers(models))
    if recipe is None:
        wrong = errors(problems)
        more = f"\n… and {len(wrong) - 1} more: main.py check {options.plan}" if wrong[1:] else ""
        raise UserError(_problem_line(options.plan, wrong[0]) + more)
    return models, recipe


def _context_settings(options: argparse.Namespace, models: Sequence[ModelFile]) -> ContextSettings:
    from app.memory.kv_types import why_not_kv_type

    reason = why_not_kv_type(models, options.kv_type, options.flash_attn)
    if reason is not None:
        raise UserError(reason, EXIT_USAGE)
    n_ctx = options.ctx or min(options.default_ctx, models[0].n_ctx_train or options.default_ctx)
    return ContextSettings(n_ctx, options.threads, options.kv_type, options.flash_attn)


def _problem_record(problem: Problem) -> dict[str, str | int | None]:
    return {
        "line": problem.line,
        "block": problem.block,
        "code": problem.code,
        "message": problem.message,
        "fix": problem.fix,
    }


def _problem_line(path: str, problem: Problem) -> str:
    line = f":{problem.line}" if problem.line is not None else ""
    word = "" if problem.severity == "error" else "note: "
    return f"{path}{line}: {word}{problem.message} {problem.fix}".rstrip()


def _print_json(record: dict[str, object]) -> None:
    print(json.dumps(record, ensure_ascii=False, indent=2))


_COMMANDS = {
    "check": check,
    "estimate": estimate,
    "generate": generate,
    "perplexity": perplexity,
    "tour": tour,
    "window": open_window,
}
