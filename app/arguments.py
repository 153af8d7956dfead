"""What may be typed after `main.py`, and what it means."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence

from app.memory.amounts import parse_bytes
from app.memory.kv_types import KV_TYPES

DEFAULT_N_CTX = 4096
PERPLEXITY_N_CTX = 512
_COMMANDS = (
    "check",
    "estimate",
    "generate",
    "perplexity",
    "difference",
    "influence",
    "fit",
    "tour",
)
_FLASH_ATTENTION = {"on": True, "off": False, "auto": None}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options by name; `command` is “window” without one. Exits with 2 for wrong usage."""
    is_command = bool(arguments) and arguments[0] in (*_COMMANDS, "-h", "--help")
    return (_command_parser() if is_command else _window_parser()).parse_args(arguments)


def _window_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py",
        description=f"Opens the window. Commands: {', '.join(_COMMANDS)} (main.py COMMAND --help).",
    )
    parser.add_argument("plans", nargs="*", metavar="PLAN", help="layerBlocks text files to open")
    parser.add_argument("--model", metavar="GGUF", help="the model file; else the bundled one")
    parser.set_defaults(command="window")
    return parser


def _command_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py",
        description="Compose block graphs of a language model's layers and talk to the result. "
        "Without a command, or with PLANs only, the window opens.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("check", help="say what is wrong with a plan")
    command.add_argument(
        "plan", nargs="?", metavar="PLAN", help="a layerBlocks text file; else the whole model"
    )
    _add_model(command, "check against this model's layers too")
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(command="check")

    command = _running(commands, "estimate", "say how much memory a plan will take")
    command.set_defaults(command="estimate", default_ctx=DEFAULT_N_CTX)

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
    command.add_argument(
        "--scale",
        action="append",
        default=[],
        type=_scale,
        metavar="BLOCK:INPUT=VALUE",
        help="another scale for an input (from 0) of a merge block; may be repeated",
    )
    command.set_defaults(command="generate", default_ctx=DEFAULT_N_CTX)

    command = _running(commands, "perplexity", "measure how well a plan predicts a text")
    _add_text(command)
    command.set_defaults(command="perplexity", default_ctx=PERPLEXITY_N_CTX)

    command = commands.add_parser(
        "difference", help="measure how differently two plans predict a text"
    )
    command.add_argument("plan", metavar="PLAN_A", help="a layerBlocks text file")
    command.add_argument("other", metavar="PLAN_B", help="the plan that is held against it")
    _add_text(command)
    _add_running(command)
    command.set_defaults(command="difference", default_ctx=PERPLEXITY_N_CTX)

    command = commands.add_parser(
        "influence", help="measure how much each layer changes what passes through it"
    )
    _add_model(command, "the model file; else the bundled one")
    _add_text(command)
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(command="influence")

    command = _running(commands, "fit", "find the layers to leave out for a memory budget")
    command.add_argument(
        "--budget",
        required=True,
        type=_bytes,
        metavar="BYTES",
        help="all that the plan may take, such as 12GiB; K, M, G, T are powers of 1024",
    )
    command.add_argument(
        "--method",
        choices=("quick", "thorough"),
        default="quick",
        help="by each layer's influence (the default), or by the perplexity of many plans",
    )
    _add_text(command)
    command.add_argument(
        "--allow-kv-type", type=_kv_type, metavar="TYPE", help="take this KV cache type if it helps"
    )
    command.add_argument(
        "--min-ctx",
        type=_positive,
        metavar="N",
        help="shorten the context to N at most if it helps",
    )
    command.add_argument(
        "-o", "--output", metavar="PLAN", help="the file for the plan; else it is printed"
    )
    command.set_defaults(command="fit", default_ctx=DEFAULT_N_CTX)

    command = commands.add_parser("tour", help="make the window's journey by itself, with pictures")
    command.add_argument("--out", default="tour", metavar="FOLDER", help="for the pictures")
    command.set_defaults(command="tour")
    return parser


def _running(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, purpose: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=purpose, description=purpose.capitalize() + ".")
    command.add_argument(
        "plan", nargs="?", metavar="PLAN", help="a layerBlocks text file; else the whole model"
    )
    _add_running(command)
    return command


def _add_running(command: argparse.ArgumentParser) -> None:
    _add_model(command, "the model file; else the bundled one")
    command.add_argument("--ctx", type=_positive, metavar="N", help="context length in tokens")
    command.add_argument("--threads", type=_positive, default=0, metavar="N")
    command.add_argument(
        "--kv-type",
        type=_kv_type,
        default="f16",
        metavar="TYPE",
        help=f"how the KV cache is kept: {', '.join(KV_TYPES)}",
    )
    command.add_argument(
        "--flash-attn",
        type=_flash_attention,
        default="auto",
        metavar="on|off|auto",
        help="flash attention; auto: where the machine has it",
    )
    command.add_argument("--json", action="store_true", help="print one JSON object")


def _add_text(command: argparse.ArgumentParser) -> None:
    command.add_argument("--file", metavar="TEXT", help="a UTF-8 text file; else the bundled one")


def _add_model(command: argparse.ArgumentParser, purpose: str) -> None:
    command.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="GGUF",
        help=f"{purpose}; repeated, the weight layers are numbered on through the files",
    )


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"“{text}” is not a positive number")
    return value


def _bytes(text: str) -> int:
    try:
        return parse_bytes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


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


def _kv_type(text: str) -> str:
    if text.lower() not in KV_TYPES:
        raise argparse.ArgumentTypeError(
            f"“{text}” is no type for a KV cache ({', '.join(KV_TYPES)})"
        )
    return text.lower()


def _flash_attention(text: str) -> bool | None:
    if text not in _FLASH_ATTENTION:
        raise argparse.ArgumentTypeError(f"“{text}” is not on, off or auto")
    return _FLASH_ATTENTION[text]


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
