"""`main.py estimate`: how much memory a plan will take, and whether it fits."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.inputs import context_settings, paths, sources_and_recipe
from app.cli.output import print_json
from app.cli.running import engine
from app.engine.messages import EstimateMemory
from app.memory.amounts import format_bytes
from app.memory.context_settings import ContextSettings
from app.memory.figures import MemoryEstimate
from app.model_files.model_file import ModelFile
from app.plan.recipe import Recipe, RecipeWeight

if TYPE_CHECKING:
    from app.memory.changes import Change
    from app.memory.estimate import BlockMemory


def estimate(options: argparse.Namespace) -> int:
    """Says how much memory a plan will take, block by block, and what would help.

    Of a model file its header is enough, as the beginning of a download holds it.
    """
    from app.model_files.headers_alone import filled_up

    with filled_up([Path(path) for path in options.model]) as found:
        named, options.model = options.model, [str(path) for path in found]
        cut_off = [path for path, other in zip(named, options.model, strict=True) if path != other]
        status = _estimate(options)
    if cut_off and not options.json:
        print(f"Read from the header only: {', '.join(cut_off)}. Some of the weights are missing.")
    return status


def _estimate(options: argparse.Namespace) -> int:
    from app.memory.estimate import block_memory
    from app.memory.machine import machine_memory
    from app.memory.verdict import judge

    models, recipe = sources_and_recipe(options)
    settings = context_settings(options, models)
    with engine() as run:
        needed = run(EstimateMemory(paths(models), recipe, settings))
    assert isinstance(needed, MemoryEstimate)
    blocks = block_memory(models, recipe, settings)
    machine = machine_memory()
    verdict = judge(
        needed.total_bytes,
        machine,
        mapped_bytes=needed.mapped_bytes,
        reserve_bytes=options.reserve,
    )
    changes = _changes(models, recipe, settings, -verdict.spare_bytes)
    if options.json:
        print_json(
            {
                "weights_bytes": needed.weights_bytes,
                "kv_bytes": needed.kv_bytes,
                "compute_bytes": needed.compute_bytes,
                "process_bytes": needed.process_bytes,
                "total_bytes": needed.total_bytes,
                "mapped_bytes": needed.mapped_bytes,
                "devices": [asdict(device) for device in needed.devices],
                "blocks": [{"block": n, **asdict(block)} for n, block in enumerate(blocks)],
                "available_bytes": machine.available_bytes,
                "swap_free_bytes": machine.swap_free_bytes,
                "reserve_bytes": options.reserve,
                "fits": not verdict.is_short,
                "verdict": verdict.kind,
                "changes": [asdict(change) for change in changes],
            }
        )
        return 0
    _print_blocks(recipe, blocks)
    rows = [
        ("Weights", needed.weights_bytes),
        ("KV cache", needed.kv_bytes),
        ("Compute", needed.compute_bytes),
        ("Process", needed.process_bytes),
        ("Total", needed.total_bytes),
        ("Available", machine.available_bytes),
    ]
    rows += [("Free swap", machine.swap_free_bytes)] if machine.swap_free_bytes else []
    rows += [("Kept free", options.reserve)] if options.reserve else []
    for label, amount in rows:
        print(f"{label:<10} {format_bytes(amount):>10}")
    for device in needed.devices:
        held = device.weights_bytes + device.kv_bytes + device.compute_bytes
        print(f"{device.name:<10} {format_bytes(held):>10}")
    print(verdict.words)
    for words in _advice(changes):
        print(words)
    return 0


def _changes(
    models: Sequence[ModelFile], recipe: Recipe, settings: ContextSettings, missing_bytes: int
) -> tuple[Change, ...]:
    from app.memory.changes import changes_that_help

    if missing_bytes <= 0:
        return ()
    return changes_that_help(models, recipe, settings, missing_bytes)


def _advice(changes: Sequence[Change]) -> list[str]:
    """What helps most, and what helps else."""
    return [
        f"{'What helps most' if n == 0 else 'Or'}: "
        f"{change.words}{'' if change.suffices else ', which is not enough on its own'}."
        for n, change in enumerate(changes)
    ]


def _print_blocks(recipe: Recipe, blocks: Sequence[BlockMemory]) -> None:
    print(f"{'Block':<6} {'layers':>9} {'weights':>10} {'shared':>10} {'KV cache':>10}")
    for n, block in enumerate(recipe.blocks):
        if not isinstance(block, RecipeWeight):
            continue
        number, first = recipe.file_number(n), block.weight_start
        memory = blocks[number]
        layers = f"{first}-{first + block.end - block.start - 1}"
        shared = memory.weights_bytes - memory.own_weights_bytes
        amounts = (memory.weights_bytes, shared, memory.kv_bytes)
        print(f"{number:<6} {layers:>9} " + " ".join(f"{format_bytes(n):>10}" for n in amounts))
    print()
