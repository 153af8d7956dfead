"""Only the lines that differ are touched when a document is made to say another text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QTextCursor, QTextDocument
from PySide6.QtWidgets import QPlainTextEdit

from app.ui.views.text_view.replace_lines import replace_lines

texts = st.lists(st.sampled_from(["", "a", "b", "long line"]), max_size=8).map("\n".join)


@given(before=texts, after=texts)
def test_the_document_says_the_new_text_and_one_undo_brings_the_old_one_back(qapp, before, after):
    document = QTextDocument(before)
    document.setUndoRedoEnabled(True)
    replace_lines(document, after)
    assert document.toPlainText() == after
    if before != after:
        document.undo()
        assert document.toPlainText() == before


def test_a_cursor_in_another_line_stays_where_it_is(qapp):
    document = QTextDocument("one\ntwo\nthree\nfour")
    cursor = QTextCursor(document.findBlockByNumber(3))
    cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
    replace_lines(document, "one\nTWO\nand a half\nthree\nfour")
    assert cursor.block().text() == "four"
    assert cursor.atBlockEnd()


def test_only_the_lines_between_are_changed(qtbot):
    text = QPlainTextEdit("\n".join(f"line {n}" for n in range(1000)))
    qtbot.addWidget(text)
    changes = []
    text.document().contentsChange.connect(lambda at, gone, new: changes.append((gone, new)))
    lines = text.toPlainText().split("\n")
    lines[500] = "another line"
    replace_lines(text.document(), "\n".join(lines))
    (change,) = changes
    assert max(change) < 20
