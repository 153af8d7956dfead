"""The command line: what `main.py` does with its arguments."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

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
DEFAULT_N_CTX = 4096
PERPLEXITY_N_CTX = 512


class UserError(Exception):
    """Something the user can mend, in one or two lines."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def main(arguments: Sequence[str]) -> int:
    """Runs a command, or opens the window; the exit status."""
    names = (*_COMMANDS, "tour", "-h", "--help")
    parser = _command_parser() if arguments and arguments[0] in names else _window_parser()
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except UserError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return error.status
    except (ModelFileError, EngineError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
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
        recipe: Recipe | None = Recipe.whole(_model_file(options.model).n_layers)
    else:
        n_layers = _model_file(options.model).n_layers if options.model else None
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

    model, recipe = _model_and_recipe(options)
    with _engine() as run:
        request = EstimateMemory((str(model.path),), recipe, _context_settings(options, model))
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
    model, recipe = _model_and_recipe(options)
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

    with _engine() as run:
        run(Open((str(model.path),), recipe, _context_settings(options, model)))
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
    model, recipe = _model_and_recipe(options)
    try:
        text = Path(options.file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{options.file}: not a UTF-8 text (byte {error.start}).") from error
    except OSError as error:
        raise UserError(f"{options.file}: {error.strerror}.") from error
    with _engine() as run:
        run(Open((str(model.path),), recipe, _context_settings(options, model)))
        result = run(EvaluatePerplexity(text))
    assert isinstance(result, Perplexity)
    if options.json:
        _print_json(dataclasses.asdict(result))
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
    if options.plan is not None and not Path(options.plan).exists():
        raise UserError(
            f"{options.plan}: there is no such file, nor a command of that name (main.py --help).",
            EXIT_USAGE,
        )
    if sys.platform == "linux" and not os.environ.keys() & _DISPLAYS:
        raise UserError(
            "There is no display to open a window on. “main.py tour” makes the window's journey "
            "without one, and the other commands need none (main.py --help)."
        )
    from app.ui.application import run

    return run(options.plan, options.model)


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


def _model_file(path: str | None) -> ModelFile:
    from app.engine.bundled import bundled_model
    from app.model_files.reader import read_model_file

    return read_model_file(Path(path) if path else bundled_model())


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


def _model_and_recipe(options: argparse.Namespace) -> tuple[ModelFile, Recipe]:
    """What to run. Raises UserError with the first problems of a plan that can't."""
    model = _model_file(options.model)
    if options.plan is None:
        return model, Recipe.whole(model.n_layers)
    problems, recipe = _read_plan(options.plan, model.n_layers)
    if recipe is None:
        wrong = errors(problems)
        more = f"\n… and {len(wrong) - 1} more: main.py check {options.plan}" if wrong[1:] else ""
        raise UserError(_problem_line(options.plan, wrong[0]) + more)
    return model, recipe


def _context_settings(options: argparse.Namespace, model: ModelFile) -> ContextSettings:
    n_ctx = options.ctx or min(options.default_ctx, model.n_ctx_train or options.default_ctx)
    return ContextSettings(n_ctx, getattr(options, "threads", 0))


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


# --- arguments ----------------------------------------------------------------------------------

_COMMANDS = ("check", "estimate", "generate", "perplexity")


def _window_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py",
        description="Opens the window. Commands: check, estimate, generate, perplexity, tour "
        "(main.py COMMAND --help).",
    )
    parser.add_argument("plan", nargs="?", metavar="PLAN", help="a layerBlocks text file to open")
    parser.add_argument("--model", metavar="GGUF", help="the model file; else the bundled one")
    parser.set_defaults(run=open_window)
    return parser


def _command_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py",
        description="Compose block graphs of a language model's layers and talk to the result. "
        "Without a command, or with a PLAN only, the window opens.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("check", help="say what is wrong with a plan")
    command.add_argument(
        "plan", nargs="?", metavar="PLAN", help="a layerBlocks text file; else the whole model"
    )
    command.add_argument("--model", metavar="GGUF", help="check against this model's layers too")
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(run=check)

    command = _running(commands, "estimate", "say how much memory a plan will take")
    command.set_defaults(run=estimate, default_ctx=DEFAULT_N_CTX)

    command = _running(commands, "generate", "answer a prompt with a plan")
    command.add_argument("--prompt", required=True, metavar="TEXT")
    command.add_argument(
        "--system", metavar="TEXT", help="system message, '' for an empty one; else the template's"
    )
    command.add_argument(
        "--raw", action="store_true", help="continue the prompt, without the chat template"
    )
    command.add_argument("--n-predict", type=_count, default=-1, metavar="N", help="tokens at most")
    command.add_argument("--temp", type=_temperature, default=0.7, metavar="T", help="0: greedy")
    command.add_argument("--seed", type=int, metavar="S")
    command.add_argument("--threads", type=_positive, default=0, metavar="N")
    command.add_argument(
        "--scale",
        action="append",
        default=[],
        type=_scale,
        metavar="BLOCK:INPUT=VALUE",
        help="another scale for an input (from 0) of a merge block; may be repeated",
    )
    command.set_defaults(run=generate, default_ctx=DEFAULT_N_CTX)

    command = _running(commands, "perplexity", "measure how well a plan predicts a text")
    command.add_argument("--file", required=True, metavar="TEXT", help="a UTF-8 text file")
    command.set_defaults(run=perplexity, default_ctx=PERPLEXITY_N_CTX)

    command = commands.add_parser("tour", help="make the window's journey by itself, with pictures")
    command.add_argument("--out", default="tour", metavar="FOLDER", help="for the pictures")
    command.set_defaults(run=tour)
    return parser


def _running(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, purpose: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=purpose, description=purpose.capitalize() + ".")
    command.add_argument(
        "plan", nargs="?", metavar="PLAN", help="a layerBlocks text file; else the whole model"
    )
    command.add_argument("--model", metavar="GGUF", help="the model file; else the bundled one")
    command.add_argument("--ctx", type=_positive, metavar="N", help="context length in tokens")
    command.add_argument("--json", action="store_true", help="print one JSON object")
    return command


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"“{text}” is not a positive number")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < -1:
        raise argparse.ArgumentTypeError(f"“{text}” is not a count (-1: no limit)")
    return value


def _temperature(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e6:
        raise argparse.ArgumentTypeError(f"“{text}” is not a temperature (0 or more)")
    return value


def _scale(text: str) -> tuple[int, int, float]:
    try:
        where, value = text.split("=")
        block, port = where.split(":")
        scale = float(value)
        if not math.isfinite(scale):
            raise ValueError
        return int(block), int(port), scale
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"“{text}” is not of the form BLOCK:INPUT=VALUE"
        ) from error
