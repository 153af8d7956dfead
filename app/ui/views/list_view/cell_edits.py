"""What is typed into the list's cells, understood and made into the plan after it."""

from __future__ import annotations

import re

from app.plan import edits
from app.plan.document import TOKENS, Plan
from app.plan.problem import PlanError, Problem
from app.ui.canvas.inline_edit import parse_range
from app.ui.state.block_kinds import title_of
from app.ui.state.editor import PlanEditor
from app.ui.views.list_view.columns import Column
from app.ui.widgets.number_spin import parse_number

LABELS = {
    Column.BLOCK: "Rename block",
    Column.WEIGHT_LAYERS: "Change layers",
    Column.INPUT: "Change link",
    Column.SCALE: "Set scale",
}
"""The undo step of each column that can be typed in."""


def after_typing(editor: PlanEditor, id_: str, port: int, column: Column, text: str) -> Plan:
    """The plan with what was typed for a block or its input `port`. Raises PlanError."""
    plan = editor.plan
    if column == Column.BLOCK:
        return edits.rename(plan, id_, text)
    if column == Column.WEIGHT_LAYERS:
        start, n_layers = parse_range(text)
        return edits.set_weights(plan, id_, start, n_layers)
    if column == Column.SCALE:
        return edits.set_scale(plan, id_, port, _scale(text))
    source = _source(editor, text)
    if source is None:
        return edits.disconnect(plan, id_, port)
    return edits.connect(plan, source, id_, port)


def _scale(text: str) -> float:
    value = parse_number(text)
    if value is None:
        raise _refusal(f"“{text}” is not a scale.", "Type a number such as 0.5.")
    return value


def _source(editor: PlanEditor, text: str) -> str | None:
    """The block meant by a number, a title, or nothing for no link."""
    words = " ".join(text.replace("−", "-").split()).lower()
    if words in ("", "not linked", "none"):
        return None
    if words in ("-1", "tokens"):
        return TOKENS
    number = re.match(r"\d{1,9}(?=\s|$)", words)
    for id_, block in editor.plan.blocks.items():
        if number is not None and editor.number(id_) == int(number[0]):
            return id_
        if title_of(block).lower() == words:
            return id_
    raise _refusal(
        f"There is no block “{text}”.",
        "Type a block's number, -1 or “tokens” for the token input, or leave it empty for no link.",
    )


def _refusal(message: str, fix: str) -> PlanError:
    return PlanError([Problem("typed", message, fix)])
