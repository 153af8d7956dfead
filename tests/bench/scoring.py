"""What measuring by a text costs, beside the unpatched library that only reads it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from app.engine.native import LIBRARY_DIR
from tests.bench.plan_speed import UNPATCHED_DIR
from tests.bench.reading import reading
from tests.bench.row import Row

HELD_OUT = Path(__file__).with_name("held_out.txt")
N_ROUNDS = 1
SHARE = 0.5
"""Of the text: two of its windows are enough for a figure."""


def rows(model: Path) -> Iterator[Row]:
    """All rows of this part."""
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder, "text.txt")
        whole = HELD_OUT.read_text(encoding="utf-8")
        text.write_text(whole[: int(SHARE * len(whole))], encoding="utf-8")
        yield from _beside_unpatched(model, text)


def _beside_unpatched(model: Path, text: Path) -> Iterator[Row]:
    with (
        reading(model, text, UNPATCHED_DIR, "unpatched") as theirs,
        reading(model, text, LIBRARY_DIR, "perplexity") as perplexity,
        reading(model, text, LIBRARY_DIR, "influence") as influence,
    ):
        scored, passed = [], []
        for _ in range(N_ROUNDS):
            scored.append(theirs.pass_ms() / perplexity.pass_ms())
            passed.append(influence.pass_ms() / theirs.pass_ms(n_logits=1))
    peer = "unpatched, the same logits"
    yield Row("perplexity-tokens", median(scored), "of its tokens/s", ">= 0.95", peer)
    yield Row("influence", median(passed), "of its time", "<= 1.15", "unpatched, one logit")
