"""Whatever is typed, undone and changed elsewhere: text and plan agree, and nothing is lost."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.plan import edits
from app.plan.reader import read_plan
from app.plan.text_match import matched
from app.ui.state.editor import PlanEditor
from app.ui.state.tasks import Tasks
from app.ui.views.text_view import TextPanel

KEYS = [Qt.Key.Key_Return, Qt.Key.Key_Backspace, Qt.Key.Key_Delete, Qt.Key.Key_Up, Qt.Key.Key_Home]
PIECES = ["0", "1; ", "x", ",5", "#", "WeightBlock; 36; 38; 1; 0", "MergeBlock; 0; 1; 1; 1", "; "]

actions = st.one_of(
    st.tuples(st.just("type"), st.sampled_from(PIECES)),
    st.tuples(st.just("key"), st.sampled_from(KEYS)),
    st.tuples(st.just("place"), st.integers(0, 160)),
    st.tuples(
        st.sampled_from(
            [
                "read",
                "undo",
                "redo",
                "leave",
                "scale",
                "move",
                "remove",
                "renumber",
                "back",
                "bring",
                "hide",
                "show",
            ]
        ),
        st.none(),
    ),
)


def agree(panel: TextPanel, editor: PlanEditor) -> None:
    """What the text says is the plan, unless it waits to be read or says none."""
    sync = panel.sync
    if sync.is_stale or sync.is_unread or not panel.isVisible() or not editor.plan.blocks:
        return
    read = read_plan(panel.text.toPlainText())
    assert read.plan is not None
    assert matched(read.plan, editor.plan).plan == editor.plan
    lines = panel.text.toPlainText().split("\n")
    assert all(lines[n].lstrip()[:1].lower() in ("w", "m", "#") for n in sync.lines.values())
    assert sync.lines.keys() <= editor.plan.blocks.keys()


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.lists(actions, max_size=25))
def test_text_and_plan_agree(qapp, plan, actions):
    editor = PlanEditor(plan)
    panel = TextPanel(editor, Tasks())
    panel.resize(600, 300)
    panel.show()
    try:
        for what, how in actions:
            act(panel, editor, what, how)
            agree(panel, editor)
        panel.sync.take()
        agree(panel, editor)
        while editor.undo_stack.canUndo():
            editor.undo_stack.undo()
        assert editor.plan == plan
        panel.show()
        agree(panel, editor)
    finally:
        editor.undo_stack.clear()
        panel.close()
        panel.deleteLater()


def act(panel: TextPanel, editor: PlanEditor, what: str, how: object) -> None:
    sync, text, plan = panel.sync, panel.text, editor.plan
    block_id = next(iter(plan.blocks), "")
    if what == "type":
        QTest.keyClicks(text, how)
    elif what == "key":
        QTest.keyClick(text, how)
    elif what == "place":
        cursor = text.textCursor()
        cursor.setPosition(min(how, text.document().characterCount() - 1))
        text.setTextCursor(cursor)
    elif what == "scale" and "m" in plan.blocks:
        editor.apply("Set scale", edits.set_scale(plan, "m", 0, 0.25))
    elif what == "move" and block_id:
        editor.apply("Move", edits.move(plan, {block_id: (8.0, 8.0)}))
    elif what == "remove" and block_id:
        editor.apply("Remove", edits.remove(plan, [block_id], heal=True))
    else:
        simple = {
            "read": sync.take,
            "undo": sync.undo,
            "redo": sync.redo,
            "leave": sync.leave,
            "renumber": sync.renumber,
            "back": sync.go_back,
            "bring": sync.restore_backup,
            "hide": panel.hide,
            "show": panel.show,
        }
        simple.get(what, QApplication.processEvents)()
