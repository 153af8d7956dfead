"""The command line: what `main.py` does with its arguments."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from app.cli.arguments import parse
from app.cli.errors import EXIT_USAGE, UserError
from app.engine.errors import EngineError, JobCancelled
from app.fit.errors import FitError
from app.model_files.errors import ModelFileError

_DISPLAYS = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}


def main(arguments: Sequence[str]) -> int:
    """Runs a command, or opens the window; the exit status."""
    options = parse(arguments)
    try:
        status = _command(options.command)(options)
        print(end="", flush=True)
        return status
    except UserError as error:
        print(f"main.py: {error}", file=sys.stderr)
        return error.status
    except (ModelFileError, EngineError, FitError) as error:
        print(f"main.py: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, JobCancelled):
        return 130
    except BrokenPipeError:  # the reader of our output has left, and so do we
        _print_no_more()
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _print_no_more()
        print(f"main.py: The output could not be written: {error.strerror}.", file=sys.stderr)
        return 1


def _print_no_more() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tour(options: argparse.Namespace) -> int:
    """Makes the window's main journey by itself and saves a picture of each step."""
    from app.ui.tour import run

    return run(Path(options.out))


def open_window(options: argparse.Namespace) -> int:
    """Opens the window."""
    for plan in [p for p in options.plans if not Path(p).exists()]:
        raise UserError(
            f"{plan}: no such file or command (main.py --help).",
            EXIT_USAGE,
        )
    if sys.platform == "linux" and not os.environ.keys() & _DISPLAYS:
        raise UserError(
            "There is no display to open a window on. “main.py tour” and the other commands "
            "work without one (main.py --help)."
        )
    from app.ui.application import run

    return run(options.plans, options.model)


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    """Imported when it is needed: the window must not wait for what the others bring in."""
    module, function = _COMMANDS[name]
    return getattr(import_module(module), function)  # type: ignore[no-any-return]


_COMMANDS = {
    "check": ("app.cli.check", "check"),
    "estimate": ("app.cli.estimate", "estimate"),
    "generate": ("app.cli.generate", "generate"),
    "perplexity": ("app.cli.scoring", "perplexity"),
    "difference": ("app.cli.scoring", "difference"),
    "influence": ("app.cli.scoring", "influence"),
    "fit": ("app.cli.fit", "fit_into_memory"),
    "import": ("app.cli.exchange", "import_file"),
    "export": ("app.cli.exchange", "export_plan"),
    "compose": ("app.cli.compose", "compose_file"),
    "inspect": ("app.cli.inspect", "inspect"),
    "bake": ("app.cli.bake", "bake"),
    "tour": (__name__, "tour"),
    "window": (__name__, "open_window"),
}
