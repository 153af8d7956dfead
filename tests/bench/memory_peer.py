"""What ggufit says that whole models need: `python -m tests.bench.memory_peer`.

Runs in an environment of its own. Reads a JSON list of [model, quantisation, context, bits of the
KV cache] from its input, where the model is a record as ggufit keeps them, and prints a list of
bytes.
"""

from __future__ import annotations

import json
import sys

from ggufit.calculator import evaluate_fit

answers = []
for model, quantisation, n_ctx, kv_bits in json.load(sys.stdin):
    fit = evaluate_fit(model, quantisation, n_ctx, 1.0, 1.0, kv_bits=kv_bits)
    answers.append(round(fit.total_ram_needed_gb * 2**30))
print(json.dumps(answers))
