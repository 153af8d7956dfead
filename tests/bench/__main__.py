"""Measures, prints the table and writes bench.json: `python -m tests.bench`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from app.engine.bundled import bundled_model
from tests.bench.engine import engine_rows
from tests.bench.row import table
from tests.bench.window import window_rows

rows = [*engine_rows(bundled_model()), *window_rows()]
print(table(rows))
records = [{**dataclasses.asdict(row), "holds": row.holds} for row in rows]
Path("bench.json").write_text(json.dumps(records, indent=2) + "\n")
