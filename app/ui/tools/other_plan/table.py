"""A reply as both plans predicted it, a row a token."""

from __future__ import annotations

from collections.abc import Sequence

from app.engine.measuring.results import PredictedToken, Prediction
from app.ui.tools.other_plan.spans import in_one_line
from app.ui.tools.results_table import Table


def table_of(tokens: Sequence[PredictedToken], names: tuple[str, str]) -> Table:
    """Probabilities are 0..1; `names` are what to call the plans."""
    header = ["Token", "Text"]
    for name in names:
        header += [f"{name}: {what}" for what in ("probability", "rank", "likeliest")]
    rows = [
        (at, in_one_line(token.piece), *_cells(token.by_plan), *_cells(token.by_other))
        for at, token in enumerate(tokens, 1)
    ]
    return Table(tuple(header), rows)


def _cells(prediction: Prediction) -> tuple[object, ...]:
    likely = ", ".join(f"“{in_one_line(t.piece)}” {t.probability:.4g}" for t in prediction.top)
    return f"{prediction.probability:.6g}", prediction.rank, likely
