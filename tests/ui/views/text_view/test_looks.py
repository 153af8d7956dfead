"""Colours, marks, margin, tool tips, the menu, and what is chosen beside the text."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QTextCharFormat, QTextFormat
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from app.plan import edits
from app.plan.document import WeightBlock
from app.ui.views.text_view.tokens import tokens, weight_start
from app.ui.widgets import theme as themes
from tests.ui.hands import LEFT


def formats(typist, line: int) -> list[tuple[str, QTextCharFormat]]:
    """The parts of a line that have a format of their own."""
    block = typist.text.document().findBlockByNumber(line)
    return [
        (block.text()[f.start : f.start + f.length], QTextCharFormat(f.format))
        for f in block.layout().formats()
    ]


def _middle(typist, block) -> QPoint:
    area = typist.text.blockBoundingGeometry(block).translated(typist.text.contentOffset())
    return QPoint(40, round(area.center().y()))


def test_the_parts_of_a_line_are_told_apart():
    line = "WeightBlock; 0; 20; 4; -1  # the trunk"
    assert [(line[t.start : t.end], t.kind) for t in tokens(line) if t.kind != "mark"] == [
        ("WeightBlock", "keyword"),
        ("0", "plan"),
        ("20", "plan"),
        ("4", "weight"),
        ("-1", "link"),
        ("# the trunk", "comment"),
    ]
    assert weight_start(line) == 4
    assert weight_start("MergeBlock; 0; 0.5; 1; 0.5") is None
    assert weight_start("WeightBlock; 0; 20; four; -1") is None


def test_a_weight_layer_has_the_colour_of_its_source(typist, editor):
    editor.set_weight_layer_count(40, (0, 25))
    theme = themes.current()
    for line, source in ((0, 0), (2, 1)):
        marked = [
            f
            for _, f in formats(typist, line)
            if f.hasProperty(QTextFormat.Property.BackgroundBrush)
        ]
        assert [f.background().color() for f in marked] == [
            themes.mixed(theme.source(source), theme.base, 0.65)
        ]


def test_a_wrong_line_is_underlined(typist, editor, plan):
    editor.apply("Change layers", edits.set_weights(plan, "right", 38, 8))
    wave = QTextCharFormat.UnderlineStyle.WaveUnderline
    assert all(f.underlineStyle() == wave for _, f in formats(typist, 2))
    assert not any(f.underlineStyle() == wave for _, f in formats(typist, 1))
    editor.undo_stack.undo()
    assert not any(f.underlineStyle() == wave for _, f in formats(typist, 2))


def test_lines_out_of_sight_are_coloured_when_they_come_into_it(typist, editor, plan):
    for n in range(200):
        plan = edits.rename(edits.add_block(plan, _block(n)), f"x{n}", f"Block {n}")
    editor.apply("Add many", plan)
    last = typist.text.document().blockCount() - 1
    assert not formats(typist, last)
    typist.text.verticalScrollBar().setValue(typist.text.verticalScrollBar().maximum())
    typist.window.grab()
    assert formats(typist, last)


def _block(n: int) -> WeightBlock:
    return WeightBlock(f"x{n}", n % 30, 1, "trunk")


def test_a_click_on_a_line_selects_its_block_and_keeps_the_keys(typist):
    block = typist.text.document().findBlockByNumber(2)
    at = _middle(typist, block)
    QTest.mouseClick(typist.text.viewport(), LEFT, pos=at)
    assert typist.canvas.selected_ids() == ("right",)
    assert typist.text.hasFocus()
    typist.press(Qt.Key.Key_Up)
    assert typist.canvas.selected_ids() == ("left",)


def test_what_is_selected_on_the_canvas_is_marked(typist):
    typist.canvas.setFocus()
    typist.canvas.plan_scene.select(("left", "m"))
    assert typist.text.marks.chosen == {1, 3}
    assert typist.text.current_line() == 1
    assert not typist.text.hasFocus()
    typist.canvas.plan_scene.select(())
    assert typist.text.marks.chosen == frozenset()


def test_the_margin_numbers_the_blocks(typist, editor):
    assert typist.text.marks.numbers == {0: 0, 1: 1, 2: 2, 3: 3}
    typist.go_to(0, 0)
    typist.type("# a remark")
    typist.press(Qt.Key.Key_Return)
    typist.pause()
    assert typist.text.marks.numbers == {1: 0, 2: 1, 3: 2, 4: 3}


def test_the_menu_offers_what_mends(typist, editor, plan):
    typist.replace_line(0, "WeightBlock; 0; 18; 0; -1")
    typist.text.menu_wanted.emit(typist.text.mapToGlobal(QPoint(10, 10)))
    menu = typist.panel.findChildren(QMenu)[-1]
    words = [a.text() for a in menu.actions()]
    assert {"Undo", "Redo", "Cut", "Copy", "Paste", "Select all"} <= set(words)
    menu.close()


def test_one_endless_line_is_not_pasted(typist, editor, plan):
    typist.paste("x" * 1_048_576)
    assert "is not a plan: it has 1,048,576 characters" in typist.words()
    assert editor.plan == plan
    assert typist.lines[0] == "WeightBlock; 0; 20; 0; -1"


def test_a_million_lines_are_not_pasted(typist, editor, plan):
    typist.paste("#\n" * 1_000_000)
    assert "in 1,000,000 lines, the longest of 1." in typist.words()
    assert editor.plan == plan
    assert typist.lines[0] == "WeightBlock; 0; 20; 0; -1"


def test_garbage_with_zeros_is_not_pasted(typist, editor, plan):
    typist.paste("a\0b\n" * 10)
    typist.pause()
    assert editor.plan == plan


def test_pasted_garbage_leaves_the_plan(typist, editor, plan):
    typist.go_to(0, 0)
    typist.paste("Lorem ipsum; dolor\n" * 50)
    typist.pause()
    assert editor.plan == plan
    assert typist.panel.sync.is_stale
    assert typist.words().startswith("Line 1: ")
    typist.undo()
    assert not typist.panel.sync.is_stale


def test_a_hidden_text_is_not_written(typist, editor, plan):
    typist.panel.hide()
    editor.apply("Set scale", edits.set_scale(plan, "m", 0, 0.9))
    assert typist.lines[3] == "MergeBlock; 1; 0.5; 2; 0.5"
    typist.panel.show()
    assert typist.lines[3] == "MergeBlock; 1; 0.9; 2; 0.5"


def test_it_is_drawn_in_the_dark(typist, qapp):
    themes.show(qapp, themes.dark())
    try:
        qapp.processEvents()
        typist.window.grab()
        keyword = formats(typist, 0)[0]
        assert keyword[0] == "WeightBlock"
        assert keyword[1].foreground().color() == themes.dark().text
    finally:
        themes.show(qapp, themes.light())


def test_lines_lead_to_their_blocks_whatever_the_order_of_insertion(typist, editor, plan):
    blocks = dict(reversed(plan.blocks.items()))
    editor.replace_document(replace(plan, blocks=MappingProxyType(blocks)))
    typist.go_to(0, 0)
    typist.type(" ")
    typist.pause()
    lines = {"trunk": 0, "right": 1, "left": 2, "m": 3}
    assert typist.panel.sync.lines == lines
    typist.press(Qt.Key.Key_Down)
    assert typist.canvas.selected_ids() == ("right",)


def test_a_muted_block_has_a_line_but_no_number(typist, editor, plan):
    editor.apply("Mute", plan.with_blocks(replace(plan.blocks["left"], muted=True)))
    assert typist.lines[-1] == "# muted: weight layers 20 to 27"
    assert typist.panel.sync.lines["left"] == 4
    assert typist.text.marks.numbers == {0: 0, 1: 1, 2: 2}
