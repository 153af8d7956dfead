"""Plans are opened and closed again and again: what is freed is free, in whatever order.

The switches run in a process of their own, with malloc set as in the engine process:
`python -m tests.engine.test_leaks MODEL`.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import psutil

from tests.model_files.tiny import TinyModel, write_tiny

N_ROUNDS = 11
N_SWITCHES = 100
"""A round's; the first round warms up."""


class _MallInfo(ctypes.Structure):
    """glibc's struct mallinfo2."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def test_a_thousand_switches_leave_the_memory_as_it_was(tmp_path: Path) -> None:
    from app.engine.client import _ENVIRONMENT

    model = write_tiny(tmp_path / "m.gguf", TinyModel(n_layers=6))
    done = subprocess.run(
        [sys.executable, "-m", "tests.engine.test_leaks", str(model)],
        env={**os.environ, **_ENVIRONMENT},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    rounds = json.loads(done.stdout)
    allocated = [figures["allocated_bytes"] for figures in rounds]
    assert allocated[-1] - allocated[0] < 64 << 10, allocated
    # What the process holds varies with what malloc keeps, by many huge pages: only what can be
    # counted is compared.
    for counted in ("mapped_file_bytes", "n_open_files", "n_threads"):
        assert rounds[-1][counted] == rounds[0][counted], (counted, rounds)


def _main(model: str) -> None:
    from app.engine.native import Base, Context, View, keep_log
    from app.memory.context_settings import ContextSettings
    from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight

    keep_log(lambda line: None)
    dice = random.Random(1)
    base = Base(model)
    outlived: list[tuple[View, Context]] = []

    def switch() -> None:
        """Opens a plan, says a few tokens, and closes it: before or after its base and others."""
        nonlocal base
        n = dice.randrange(1, 5)
        starts = [0, *(dice.randrange(6) for _ in range(n))]
        chain = [RecipeWeight(i, i + 1, start, i - 1) for i, start in enumerate(starts)]
        merge = RecipeMerge(((n, 0.75), (dice.randrange(-1, n), 0.25)))
        view = View([base], Recipe((*chain, merge)))
        context = Context(view.model, ContextSettings(256, 1, n_batch=64), n_logits=1)
        n_tokens = dice.randrange(2, 20)
        context.decode(range(n_tokens), 0, n_logits=1)
        view.set_scale(n + 1, 0, dice.random())
        context.decode([7], n_tokens, n_logits=1)
        outlived.append((view, context))
        if dice.randrange(8) == 0:
            base.close()
            base = Base(model, dice.choice((None, range(6))))
        while len(outlived) > dice.randrange(3):
            view, context = outlived.pop(dice.randrange(len(outlived)))
            context.close()
            view.close()

    def close_all() -> None:
        while outlived:
            view, context = outlived.pop()
            context.close()
            view.close()

    rounds = []
    for _ in range(N_ROUNDS):
        for _ in range(N_SWITCHES):
            switch()
        close_all()
        rounds.append(_figures())
    print(json.dumps(rounds))


def _figures() -> dict[str, int]:
    """What this process has and would not have had it leaked nothing."""
    process = psutil.Process()
    mapped = [mapping for mapping in process.memory_maps(grouped=False) if mapping.path[0] == "/"]
    return {
        "allocated_bytes": _allocated_bytes(),
        "mapped_file_bytes": sum(mapping.size for mapping in mapped),
        "n_open_files": process.num_fds(),
        "n_threads": process.num_threads(),
    }


def _allocated_bytes() -> int:
    """What malloc has given out and not got back; 0 where it doesn't tell."""
    mallinfo = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if mallinfo is None:
        return 0
    mallinfo.restype = _MallInfo
    info = mallinfo()
    return int(info.uordblks + info.hblkhd)


if __name__ == "__main__":
    _main(*sys.argv[1:])
