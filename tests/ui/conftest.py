"""An editor with the plan of the note's third example in it, small enough to see whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.plan.document import TOKENS, MergeBlock, MergeInput, Plan, WeightBlock
from app.ui.canvas import Canvas
from app.ui.state.editor import PlanEditor


@pytest.fixture
def plan() -> Plan:
    return Plan(output="m").with_blocks(
        WeightBlock("trunk", 0, 20, TOKENS, position=(0.0, 60.0)),
        WeightBlock("left", 20, 8, "trunk", position=(400.0, 0.0)),
        WeightBlock("right", 28, 8, "trunk", position=(400.0, 160.0)),
        MergeBlock(
            "m", (MergeInput("left", 0.5), MergeInput("right", 0.5)), position=(680.0, 40.0)
        ),
    )


@pytest.fixture
def editor(qapp, plan) -> Iterator[PlanEditor]:
    editor = PlanEditor(plan)
    editor.set_weight_layer_count(40)
    yield editor
    # Python's garbage collector may delete steps before their stack, which then deletes them again.
    for stack in editor.undo_group.stacks():
        stack.clear()


@pytest.fixture
def canvas(qtbot, editor) -> Canvas:
    canvas = Canvas(editor)
    qtbot.addWidget(canvas)
    canvas.resize(1100, 600)
    canvas.show()
    return canvas
