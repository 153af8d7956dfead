"""Runs a part of the benchmark once and writes its rows: `python -m tests.bench.part NAME OUT`."""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from pathlib import Path

from app.engine.bundled import bundled_model

name, out = sys.argv[1:]
rows = list(importlib.import_module(f"tests.bench.{name}").rows(bundled_model()))
Path(out).write_text(json.dumps([dataclasses.asdict(row) for row in rows]))
