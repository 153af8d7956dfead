"""What may be typed after `main.py`, and what it means."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from app.cli import argument_values as values
from app.engine.messages import Sampling
from app.engine.replies.sampling_limits import MAX_N_PREDICT, SAMPLING_LIMITS, Limits
from app.memory.context_settings import SETTINGS, ContextSettings, Setting
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
    parser.add_argument("--model", metavar="GGUF", help="the model file (default: the bundled one)")
    parser.set_defaults(command="window")
    return parser


def _command_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py",
        description="Compose block graphs of a language model's layers and talk to the result. "
        "Without a command, or with PLANs only, the window opens.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("check", help="check a plan and list its problems")
    command.add_argument(
        "plan", nargs="?", metavar="PLAN", help="a layerBlocks text file (default: the whole model)"
    )
    _add_model(command, "check against this model's layers too")
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(command="check")

    command = _running(commands, "estimate", "estimate the memory that a plan needs")
    command.add_argument(
        "--reserve",
        type=values.n_bytes,
        default=0,
        metavar="BYTES",
        help="memory to keep free for other programs, such as 2GiB",
    )
    command.set_defaults(command="estimate", default_ctx=DEFAULT_N_CTX)

    command = _running(commands, "generate", "answer a prompt with a plan")
    command.add_argument("--prompt", required=True, metavar="TEXT")
    command.add_argument(
        "--system",
        metavar="TEXT",
        help="system message, '' for an empty one (default: the template's)",
    )
    template = command.add_mutually_exclusive_group()
    template.add_argument(
        "--raw", action="store_true", help="continue the prompt, without the chat template"
    )
    template.add_argument(
        "--chat-template",
        metavar="NAME|FILE",
        help="one of llama.cpp's templates, such as chatml, a Jinja file, or none (default: the "
        "model file's)",
    )
    command.add_argument(
        "--n-predict",
        type=values.within(Limits(-1, MAX_N_PREDICT)),
        default=-1,
        metavar="N",
        help="maximum number of tokens, -1: no limit",
    )
    _add_sampling(command)
    command.add_argument(
        "--scale",
        action="append",
        default=[],
        type=values.scale,
        metavar="BLOCK:INPUT=VALUE",
        help="set the scale of a merge block's input (counted from 0); can be repeated",
    )
    command.set_defaults(command="generate", default_ctx=DEFAULT_N_CTX)

    command = _running(commands, "perplexity", "measure how well a plan predicts a text")
    _add_text(command)
    command.set_defaults(command="perplexity", default_ctx=PERPLEXITY_N_CTX)

    command = commands.add_parser(
        "difference", help="measure how differently two plans predict a text"
    )
    command.add_argument("plan", metavar="PLAN_A", help="a layerBlocks text file")
    command.add_argument("other", metavar="PLAN_B", help="the plan to compare with it")
    _add_text(command)
    _add_running(command)
    command.set_defaults(command="difference", default_ctx=PERPLEXITY_N_CTX)

    command = commands.add_parser(
        "influence", help="measure how much each layer changes what passes through it"
    )
    _add_model(command, "the model file (default: the bundled one)")
    _add_text(command)
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(command="influence")

    command = _running(commands, "fit", "find the layers to leave out for a memory budget")
    command.add_argument(
        "--budget",
        required=True,
        type=values.n_bytes,
        metavar="BYTES",
        help="memory that the plan may use, such as 12GiB; K, M, G, T are powers of 1024",
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
        help="use this KV cache type if it helps",
    )
    command.add_argument(
        "--min-ctx",
        type=values.positive,
        metavar="N",
        help="shorten the context, but not below N, if it helps",
    )
    command.add_argument(
        "-o", "--output", metavar="PLAN", help="file to write the plan to (default: print it)"
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
        help="a GGUF file, with the layers to copy, both ends included (default: all). "
        "Vocabulary, embeddings and head come from the first",
    )
    command.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="the GGUF file to write"
    )
    command.add_argument(
        "--pack",
        action="store_true",
        help="write only the layers of one source, with their numbers, to share them",
    )
    _add_split(command)
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(command="compose")

    command = commands.add_parser("inspect", help="show what a model file or layer pack contains")
    command.add_argument(
        "model", metavar="MODEL", help="a GGUF file, or the first part of a split one"
    )
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(command="inspect")

    _add_bake(commands)

    command = commands.add_parser(
        "tour", help="go through the window's main steps and save screenshots"
    )
    command.add_argument(
        "--out", default="tour", metavar="FOLDER", help="folder for the screenshots"
    )
    command.set_defaults(command="tour")
    return parser


def _add_exchange(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "import", help="convert a mergekit configuration or a list of layers into a plan"
    )
    command.add_argument(
        "file",
        metavar="FILE",
        help="mergekit's YAML, a list such as 0..14,12..39 (both ends included), or layerBlocks",
    )
    command.add_argument(
        "-o", "--output", required=True, metavar="PLAN", help="file to write the plan to"
    )
    _add_model(command, "a model file for a name in FILE, matched by name or by order")
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(command="import")

    command = commands.add_parser("export", help="write a plan in another format")
    command.add_argument("plan", metavar="PLAN", help="a layerBlocks text file")
    command.add_argument(
        "--format",
        required=True,
        choices=("mergekit", "strict", "paths"),
        help="mergekit's passthrough YAML, layerBlocks without comments, or a list of layers",
    )
    command.add_argument("-o", "--output", metavar="FILE", help="file to write to (default: print)")
    _add_model(command, "the model file (default: the plan's, or the bundled one)")
    command.set_defaults(command="export")


def _add_bake(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("bake", help="write a plan as an ordinary model file")
    command.add_argument("plan", metavar="PLAN", help="a layerBlocks text file")
    _add_model(command, "the model file (default: the plan's, or the bundled one)")
    command.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="the GGUF file to write"
    )
    command.add_argument(
        "--static",
        action="store_true",
        help="average the weights where the plan merges, and measure the difference",
    )
    command.add_argument(
        "--type",
        type=values.tensor_type,
        metavar="TYPE",
        help=f"type of averaged matrices: {', '.join(WRITABLE_TYPES)} (default: the finest among "
        "their sources)",
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
        "plan", nargs="?", metavar="PLAN", help="a layerBlocks text file (default: the whole model)"
    )
    _add_running(command)
    return command


def _add_running(command: argparse.ArgumentParser) -> None:
    _add_model(command, "the model file (default: the plan's, or the bundled one)")
    for name, setting in SETTINGS.items():
        _add_setting(command, name, setting)
    command.add_argument("--json", action="store_true", help="print one JSON object")


def _add_setting(command: argparse.ArgumentParser, name: str, setting: Setting) -> None:
    """The option of one of the ContextSettings. The context is as long as suits the command."""
    if name == "use_mmap":
        command.add_argument(
            setting.option, dest=name, action="store_false", help=setting.help_when_off
        )
        return
    read, metavar, help = {
        "kv_type": (values.kv_type, "TYPE", f"{setting.help}: {', '.join(KV_TYPES)}"),
        "flash_attention": (values.flash_attention, "on|off|auto", setting.help),
    }.get(name, (values.number_of(setting), "N", setting.help))
    default = None if name == "n_ctx" else getattr(ContextSettings(), name)
    command.add_argument(
        setting.option, dest=name, type=read, default=default, metavar=metavar, help=help
    )


def _add_split(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--split-max-size",
        type=values.n_bytes,
        metavar="BYTES",
        help="split into parts with at most this many bytes of tensors, such as 4G",
    )


def _add_text(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--file", metavar="TEXT", help="a UTF-8 text file (default: the bundled text)"
    )


def _add_model(command: argparse.ArgumentParser, purpose: str) -> None:
    command.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="GGUF",
        help=f"{purpose}; can be repeated, weight layers are then numbered across the files",
    )


def _add_sampling(command: argparse.ArgumentParser) -> None:
    """Options named as llama.cpp's, for the fields of Sampling, and `stop`."""
    usual = Sampling()
    for name, words in (
        ("temperature", "0: always the likeliest token"),
        ("top_k", "keep this many of the likeliest tokens, 0: all"),
        ("top_p", "keep the likeliest tokens up to this total probability"),
        ("min_p", "drop tokens below this fraction of the likeliest token's probability"),
        ("typical_p", "locally typical sampling, 1: off"),
        ("repeat_last_n", "number of last tokens to penalise, -1: the whole context"),
        ("repeat_penalty", "penalty for repeated tokens, 1: off"),
        ("frequency_penalty", "penalty for each occurrence of a token, 0: off"),
        ("presence_penalty", "penalty for tokens that occurred at all, 0: off"),
        ("dry_multiplier", "penalty for repeated sequences, 0: off"),
        ("dry_base", "growth of that penalty with their length"),
        ("dry_allowed_length", "sequences up to this length are not penalised"),
        ("xtc_probability", "probability of removing the likeliest tokens, 0: off"),
        (
            "xtc_threshold",
            "tokens above this probability are removed, except the least likely of them",
        ),
        ("mirostat", "1 or 2: mirostat version, used instead of top-k, top-p and the like"),
        ("mirostat_tau", "target entropy of mirostat"),
        ("mirostat_eta", "learning rate of mirostat"),
    ):
        command.add_argument(
            "--temp" if name == "temperature" else f"--{name.replace('_', '-')}",
            dest=name,
            type=values.within(SAMPLING_LIMITS[name]),
            default=getattr(usual, name),
            metavar="N",
            help=f"{words} (default: {getattr(usual, name)})",
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
        help="add to the logits of the text's tokens, -inf forbids them; can be repeated",
    )
    command.add_argument(
        "--grammar-file",
        metavar="FILE",
        help="GBNF grammar or JSON schema that the reply must follow",
    )
    command.add_argument(
        "--stop",
        action="append",
        default=[],
        metavar="TEXT",
        help="stop the reply before this text; can be repeated",
    )
