"""Measures, prints the table and writes bench.json: `python -m tests.bench`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from app.engine.bundled import bundled_model
from tests.bench.canvas import canvas_rows
from tests.bench.conversations import conversation_rows
from tests.bench.engine import engine_rows
from tests.bench.fit import fit_rows
from tests.bench.header_fuzz import header_fuzz_rows
from tests.bench.memory import memory_rows
from tests.bench.open_plans import open_plan_rows
from tests.bench.plan_cost import plan_cost_rows
from tests.bench.plan_speed import plan_speed_rows
from tests.bench.row import table
from tests.bench.scoring import scoring_rows
from tests.bench.streaming import streaming_rows
from tests.bench.together import together_rows
from tests.bench.window import window_rows
from tests.bench.writing import writing_rows

model = bundled_model()
rows = [
    *plan_speed_rows(model),
    *plan_cost_rows(model),
    *engine_rows(model),
    *open_plan_rows(model),
    *memory_rows(model),
    *scoring_rows(model),
    *together_rows(model),
    *fit_rows(model),
    *writing_rows(model),
    *header_fuzz_rows(),
    *window_rows(),
    *streaming_rows(model),
    *conversation_rows(),
    *canvas_rows(),
]
print(table(rows))
records = [{**dataclasses.asdict(row), "holds": row.holds} for row in rows]
Path("bench.json").write_text(json.dumps(records, indent=2) + "\n")
