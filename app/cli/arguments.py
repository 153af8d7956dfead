"""What may be typed after `main.py`, and what it means."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from app.cli import argument_values as values
from app.engine.messages import Sampling
from app.engine.replies.sampling_limits import MAX_N_PREDICT, SAMPLING_LIMITS, Limits
from app.memory.kv_types import KV_TYPES
from app.model_files.tensor_types import WRITABLE_TYPES

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
    "import",
    "export",
    "compose",
    "inspect",
    "bake",
    "tour",
)


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
    command.add_argument(
        "--reserve",
        type=values.n_bytes,
        default=0,
        metavar="BYTES",
        help="what is to stay free for other programs, such as 2GiB",
    )
    command.set_defaults(command="estimate", default_ctx=DEFAULT_N_CTX)

    command = _running(commands, "generate", "answer a prompt with a plan")
    command.add_argument("--prompt", required=True, metavar="TEXT")
    command.add_argument(
        "--system", metavar="TEXT", help="system message, '' for an empty one; else the template's"
    )
    template = command.add_mutually_exclusive_group()
    template.add_argument(
        "--raw", action="store_true", help="continue the prompt, without the chat template"
    )
    template.add_argument(
        "--chat-template",
        metavar="NAME|FILE",
        help="one of llama.cpp's templates, such as chatml, a Jinja file, or none; else the model "
        "file's",
    )
    command.add_argument(
        "--n-predict",
        type=values.within(Limits(-1, MAX_N_PREDICT)),
        default=-1,
        metavar="N",
        help="tokens at most, -1: no limit",
    )
    _add_sampling(command)
    command.add_argument(
        "--scale",
        action="append",
        default=[],
        type=values.scale,
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
        type=values.n_bytes,
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
        "--allow-kv-type",
        type=values.kv_type,
        metavar="TYPE",
        help="take this KV cache type if it helps",
    )
    command.add_argument(
        "--min-ctx",
        type=values.positive,
        metavar="N",
        help="shorten the context to N at most if it helps",
    )
    command.add_argument(
        "-o", "--output", metavar="PLAN", help="the file for the plan; else it is printed"
    )
    command.set_defaults(command="fit", default_ctx=DEFAULT_N_CTX)

    _add_exchange(commands)

    command = commands.add_parser(
        "compose", help="write layers of several model files into one, for plans to borrow from"
    )
    command.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE[@FIRST-LAST[,FIRST-LAST]…]",
        help="a GGUF file, with the layers to take from it, both ends included; else all of them. "
        "The first gives the vocabulary, the embeddings and the head",
    )
    command.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="the GGUF file to write"
    )
    command.add_argument(
        "--pack",
        action="store_true",
        help="write the layers of one source alone, under the numbers they have, for exchange",
    )
    _add_split(command)
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(command="compose")

    command = commands.add_parser("inspect", help="say what a model file or layer pack holds")
    command.add_argument("model", metavar="MODEL", help="a GGUF file, or a split one's first part")
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(command="inspect")

    _add_bake(commands)

    command = commands.add_parser("tour", help="make the window's journey by itself, with pictures")
    command.add_argument("--out", default="tour", metavar="FOLDER", help="for the pictures")
    command.set_defaults(command="tour")
    return parser


def _add_exchange(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "import", help="make a plan of a mergekit configuration or a list of layers"
    )
    command.add_argument(
        "file",
        metavar="FILE",
        help="mergekit's YAML, a list such as 0..14,12..39 (both ends included), or layerBlocks",
    )
    command.add_argument("-o", "--output", required=True, metavar="PLAN", help="for the plan")
    _add_model(command, "a model that FILE names, for its layers; found by its name or its place")
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(command="import")

    command = commands.add_parser("export", help="write a plan in another form")
    command.add_argument("plan", metavar="PLAN", help="a layerBlocks text file")
    command.add_argument(
        "--format",
        required=True,
        choices=("mergekit", "strict", "paths"),
        help="mergekit's passthrough YAML, layerBlocks without comments, or a list of layers",
    )
    command.add_argument("-o", "--output", metavar="FILE", help="else it is printed")
    _add_model(command, "the model file; else what the plan names, or the bundled one")
    command.set_defaults(command="export")


def _add_bake(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("bake", help="write the ordinary model file a plan stands for")
    command.add_argument("plan", metavar="PLAN", help="a layerBlocks text file")
    _add_model(command, "the model file; else what the plan names, or the bundled one")
    command.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="the GGUF file to write"
    )
    command.add_argument(
        "--static",
        action="store_true",
        help="where the plan merges, average the weights instead, and measure how far that is from "
        "the plan",
    )
    command.add_argument(
        "--type",
        type=values.tensor_type,
        metavar="TYPE",
        help=f"store averaged matrices as {', '.join(WRITABLE_TYPES)}; else as the finest of those "
        "they are made of",
    )
    _add_text(command)
    _add_split(command)
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(command="bake")


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
    _add_model(command, "the model file; else what the plan names, or the bundled one")
    command.add_argument(
        "--ctx", type=values.positive, metavar="N", help="context length in tokens"
    )
    command.add_argument("--threads", type=values.positive, default=0, metavar="N")
    command.add_argument(
        "--kv-type",
        type=values.kv_type,
        default="f16",
        metavar="TYPE",
        help=f"how the KV cache is kept: {', '.join(KV_TYPES)}",
    )
    command.add_argument(
        "--flash-attn",
        type=values.flash_attention,
        default="auto",
        metavar="on|off|auto",
        help="flash attention; auto: where the machine has it",
    )
    command.add_argument(
        "--batch",
        type=values.positive,
        default=512,
        metavar="N",
        help="tokens evaluated together at most",
    )
    command.add_argument(
        "--no-mmap",
        dest="use_mmap",
        action="store_false",
        help="copy the weights out of the file instead of mapping it",
    )
    command.add_argument("--json", action="store_true", help="print one JSON object")


def _add_split(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--split-max-size",
        type=values.n_bytes,
        metavar="BYTES",
        help="write parts of at most so many bytes of tensors, such as 4G",
    )


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


def _add_sampling(command: argparse.ArgumentParser) -> None:
    """Options named as llama.cpp's, for the fields of Sampling, and `stop`."""
    usual = Sampling()
    for name, words in (
        ("temperature", "0: always the likeliest token"),
        ("top_k", "choose among this many likeliest tokens, 0: all"),
        ("top_p", "choose among tokens that together reach this share"),
        ("min_p", "leave out tokens below this share of the likeliest"),
        ("typical_p", "locally typical sampling, 1: off"),
        ("repeat_last_n", "how many tokens back penalties look, -1: all"),
        ("repeat_penalty", "against repeated tokens, 1: off"),
        ("frequency_penalty", "for each time a token was said, 0: off"),
        ("presence_penalty", "for tokens that were said at all, 0: off"),
        ("dry_multiplier", "against repeated sequences, 0: off"),
        ("dry_base", "how fast that grows with their length"),
        ("dry_allowed_length", "sequences up to this long are let be"),
        ("xtc_probability", "how often the likeliest tokens are left out, 0: never"),
        ("xtc_threshold", "those above this probability, but for the last of them"),
        ("mirostat", "1 or 2: instead of top-k and the like"),
        ("mirostat_tau", "the surprise that mirostat aims at"),
        ("mirostat_eta", "how fast it gets there"),
    ):
        command.add_argument(
            "--temp" if name == "temperature" else f"--{name.replace('_', '-')}",
            dest=name,
            type=values.within(SAMPLING_LIMITS[name]),
            default=getattr(usual, name),
            metavar="N",
            help=f"{words} (usually {getattr(usual, name)})",
        )
    command.add_argument(
        "--seed",
        type=values.within(SAMPLING_LIMITS["seed"]),
        metavar="S",
        help="the same seed and settings give the same reply; else one is drawn",
    )
    command.add_argument(
        "--logit-bias",
        action="append",
        default=[],
        type=values.bias,
        metavar="TEXT=VALUE",
        help="add to the logits of the text's tokens, -inf forbids them; may be repeated",
    )
    command.add_argument(
        "--grammar-file", metavar="FILE", help="GBNF or a JSON schema that the reply has to follow"
    )
    command.add_argument(
        "--stop",
        action="append",
        default=[],
        metavar="TEXT",
        help="the reply ends before this text; may be repeated",
    )
