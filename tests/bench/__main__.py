"""Measures and prints the table: `python -m tests.bench [PART …]`.

Without a part all are measured, and bench.json is written.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.parts import N_RUNS, measure
from tests.bench.row import Row, table

chosen = sys.argv[1:]
if unknown := [part for part in chosen if part not in N_RUNS]:
    sys.exit(f"There is no part {', '.join(unknown)}. The parts are: {', '.join(N_RUNS)}.")
begun = time.monotonic()
rows: list[Row] = []
failed: list[str] = []
for part in chosen or N_RUNS:
    try:
        rows += measure(part)
    except subprocess.CalledProcessError:
        failed.append(part)
print(table(rows))
print(f"Measured in {(time.monotonic() - begun) / 60:.1f} minutes.")
if not chosen:
    records = [{**dataclasses.asdict(row), "holds": row.holds} for row in rows]
    Path("bench.json").write_text(json.dumps(records, indent=2) + "\n")
if failed:
    sys.exit(f"Not measured: {', '.join(failed)}.")
