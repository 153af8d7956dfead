"""`main.py estimate`: how much memory a plan will take."""

from __future__ import annotations

import argparse

from app.commands.inputs import context_settings, paths, sources_and_recipe
from app.commands.output import print_json
from app.commands.running import engine
from app.engine.messages import EstimateMemory, MemoryEstimate


def estimate(options: argparse.Namespace) -> int:
    """Says how much memory a plan will take."""
    from app.memory.amounts import format_bytes
    from app.memory.machine import available_bytes
    from app.memory.verdict import judge

    models, recipe = sources_and_recipe(options)
    request = EstimateMemory(paths(models), recipe, context_settings(options, models))
    with engine() as run:
        needed = run(request)
    assert isinstance(needed, MemoryEstimate)
    free_bytes = available_bytes()
    verdict = judge(needed.total_bytes, free_bytes)
    if options.json:
        print_json(
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
