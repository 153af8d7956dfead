"""Each plan in the engine has a slot of its own."""

from __future__ import annotations

from PySide6.QtGui import QUndoStack
from pytestqt.qtbot import QtBot

from app.plan.document import Plan
from app.ui.state.document import Document
from app.ui.state.plan_runner import EXTRA_SLOT
from app.ui.tools.measure.sweep_dialog import SLOT
from app.ui.tools.side_by_side.flow import SLOTS


def test_no_two_users_have_one_slot(qtbot: QtBot) -> None:
    documents = [Document(Plan(), QUndoStack()).slot for _ in range(20)]
    slots = [*documents, EXTRA_SLOT, SLOT, *SLOTS]
    assert len(set(slots)) == len(slots)
