"""A kind of block that only the tests know is added, shown, edited, saved and run like the others.

It is one class in `tests.plan.damped_repeat` and one registration in `tests.ui.damped_repeat_ui`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAccessible, QTextCursor
from PySide6.QtTest import QTest

from app.engine.messages import Open, SetScales
from app.plan import edits
from app.plan.document import MergeBlock, Plan, WeightBlock
from app.plan.lowering import lower
from app.plan.templates import TEMPLATES
from app.ui.canvas.accessible import AccessiblePlan
from app.ui.canvas.shapes import Part
from app.ui.palette import Palette
from app.ui.palette.adding import AddingPalette
from app.ui.palette.finding import FindBlock
from app.ui.palette.search_popup import SearchPopup
from app.ui.state.block_kinds import kind_uis
from app.ui.state.editor import PlanEditor
from app.ui.state.tasks import Tasks
from app.ui.views.inspector import Inspector
from app.ui.views.list_view import ListPanel
from app.ui.views.list_view.columns import Column
from app.ui.views.text_view import TextPanel
from app.ui.widgets import theme as themes
from tests.plan.damped_repeat import DampedRepeat, with_a_damped_repeat
from tests.ui import damped_repeat_ui
from tests.ui.damped_repeat_ui import DampedRepeatForm
from tests.ui.hands import ALT, LEFT
from tests.ui.workbench import Bench


@pytest.fixture(autouse=True)
def kind() -> Iterator[None]:
    with damped_repeat_ui.known():
        yield
    assert [kind.name for kind in kind_uis()] == ["weight", "merge"]


@pytest.fixture
def plan() -> Plan:
    """Layers 0 to 29 of a model, 10 to 14 of them a second time in the block "again"."""
    places = {"trunk": (0.0, 0.0), "again": (400.0, 0.0), "tail": (760.0, 0.0)}
    return edits.move(with_a_damped_repeat(), places)


def again(editor: PlanEditor) -> DampedRepeat:
    block = editor.plan.blocks["again"]
    assert isinstance(block, DampedRepeat)
    return block


def added(editor: PlanEditor, plan: Plan) -> DampedRepeat:
    (block,) = [b for i, b in editor.plan.blocks.items() if i not in plan.blocks]
    assert isinstance(block, DampedRepeat)
    return block


def choose(popup: SearchPopup, words: str) -> None:
    QTest.keyClicks(popup.line, words)
    QTest.keyClick(popup.line, Qt.Key.Key_Return)


# --- the palette ---------------------------------------------------------------------------------


def test_the_search_popup_adds_it_by_a_word_for_it_and_by_what_is_typed(canvas, editor, plan):
    adding = AddingPalette(canvas, TEMPLATES, lambda *_: None)
    at = canvas.pointer_at(QPointF(300, 400), Qt.KeyboardModifier.NoModifier)
    choose(adding.offer_all(at), "damping")
    assert editor.undo_stack.undoText() == "Add damped repeat"
    assert canvas.selected_ids() == (added(editor, plan).id,)
    editor.undo_stack.undo()
    choose(adding.offer_all(at), "twice")
    assert added(editor, plan).weight_start == 1
    editor.undo_stack.undo()
    assert editor.plan == plan


def test_a_link_dropped_in_the_void_ends_in_one(canvas, editor, plan):
    adding = AddingPalette(canvas, TEMPLATES, lambda *_: None)
    at = canvas.pointer_at(QPointF(300, 400), Qt.KeyboardModifier.NoModifier)
    choose(adding.offer_for_link(at, "trunk", None), "damping")
    assert added(editor, plan).input == "trunk"


def test_a_card_of_the_sidebar_adds_it(qtbot, canvas, editor, plan):
    palette = Palette(canvas, TEMPLATES, lambda *_: None)
    qtbot.addWidget(palette)
    palette.show()
    QTest.keyClicks(palette.search, "damping")
    assert [name for name, card in palette.blocks.items() if card.isVisible()] == ["damped-repeat"]
    QTest.mouseClick(palette.blocks["damped-repeat"], LEFT)
    assert added(editor, plan).position is not None


def test_it_is_found_by_a_layer_it_runs(canvas):
    popup = FindBlock(canvas).open()
    QTest.keyClicks(popup.line, "layer 12")
    titles = [entry.title for entry in popup.entries]
    assert titles == ["0  Layers 0–14", "1  Again"]
    assert "layers 10–14 repeated" in popup.entries[1].sentence


# --- the canvas ----------------------------------------------------------------------------------


def test_the_canvas_paints_its_strip_in_the_colours_of_its_sources(canvas, editor, hand):
    editor.set_weight_layer_count(40, (0, 12))
    canvas.show_block("again")
    image = canvas.viewport().grab().toImage()
    theme = themes.current()
    for cell, source in ((0, 0), (4, 1)):
        corner = hand.cell("again", cell) - QPointF(0, 7)
        seen = image.pixelColor(canvas.viewportTransform().map(corner).toPoint())
        wanted = theme.source(source)
        pairs = zip(seen.getRgb(), wanted.getRgb(), strict=True)
        assert all(abs(a - b) <= 40 for a, b in pairs)


def test_its_fader_follows_the_hand_and_goes_back_with_a_double_click(canvas, editor, plan, hand):
    knob = hand.fader("again", 0)
    hand.drag(knob, knob - QPointF(0, 32))
    assert again(editor).scale == pytest.approx(0.75, abs=0.02)
    assert editor.undo_stack.undoText() == "Set scale"
    hand.double_click(hand.fader("again", 0))
    assert editor.plan == plan


def test_its_strip_slides_and_grows_in_one_step_each(canvas, editor, plan, hand):
    width = hand.cell("again", 1).x() - hand.cell("again", 0).x()
    hand.drag(hand.cell("again", 2), hand.cell("again", 2) + QPointF(3 * width, 0))
    assert (again(editor).weight_start, again(editor).n_layers) == (13, 5)
    edge = hand.strip_edge("again", at_end=True)
    hand.drag(edge, edge + QPointF(2 * width, 0))
    assert (again(editor).weight_start, again(editor).n_layers) == (13, 7)
    editor.undo_stack.undo()
    editor.undo_stack.undo()
    assert editor.plan == plan


def test_a_layer_cut_out_of_it_leaves_blocks_that_do_the_same(canvas, editor, plan, hand):
    hand.click(hand.cell("again", 2), ALT)
    kinds = [type(b) for i, b in editor.plan.blocks.items() if i not in ("trunk", "tail")]
    assert kinds == [WeightBlock, WeightBlock, MergeBlock]
    assert lower(editor.plan)
    editor.undo_stack.undo()
    assert editor.plan == plan


def test_keys_reach_its_parts_and_say_what_they_are(canvas, editor, hand):
    said: list[str] = []
    canvas.notice.connect(said.append)
    canvas.plan_scene.select(("again",))
    canvas.setFocus()
    hand.key(Qt.Key.Key_1)
    assert said[-1].startswith("Scale of damping: 0.25.")
    hand.key(Qt.Key.Key_Up)
    assert again(editor).scale == pytest.approx(0.3)
    hand.key(Qt.Key.Key_Escape)
    hand.key(Qt.Key.Key_PageUp)
    assert again(editor).weight_start == 11


def test_a_screen_reader_hears_of_it_and_of_its_fader(canvas):
    tree = AccessiblePlan(canvas)
    block, fader = tree.item(("again", None)), tree.item(("again", Part("fader", 0)))
    name = QAccessible.Text.Name
    assert block.text(name) == "Block 1, Again: layers 10–14 repeated, damping 0.25"
    assert fader.text(name) == "Scale of damping"
    assert fader.text(QAccessible.Text.Value) == "0.25"
    tree.drop_all()


def test_collapsed_and_muted_it_is_shown_as_any_block(canvas, editor, hand):
    canvas.plan_scene.select(("again",))
    canvas.commands.block.collapse.trigger()
    canvas.commands.block.mute.trigger()
    item = canvas.plan_scene.blocks["again"]
    assert item.block_shape.is_collapsed
    assert item.face.passes == 0
    hand.double_click(hand.body("again"))
    assert not again(editor).collapsed


# --- the other views -----------------------------------------------------------------------------


@pytest.fixture
def inspector(qtbot, editor, canvas) -> Inspector:
    inspector = Inspector(editor, canvas, lambda _id: None)
    qtbot.addWidget(inspector)
    inspector.show()
    return inspector


def test_the_inspector_has_a_form_for_it(inspector, canvas, editor, plan):
    canvas.plan_scene.select(("again",))
    form = inspector.forms["damped-repeat"]
    assert isinstance(form, DampedRepeatForm)
    assert form.isVisible()
    assert not inspector.forms["weight"].isVisible()
    form.first.setValue(12)
    form.damping.setValue(0.5)
    assert (again(editor).weight_start, again(editor).scale) == (12, 0.5)
    editor.undo_stack.undo()
    assert form.damping.value() == 0.25


def test_the_inspector_counts_it(inspector, canvas):
    canvas.plan_scene.select(())
    words = inspector.summary._blocks.text()
    assert words == "2 weight blocks, 0 merge blocks, 1 damped repeat"


def test_the_list_shows_it_and_takes_what_is_typed(qtbot, canvas, editor, plan):
    panel = ListPanel(editor, canvas)
    qtbot.addWidget(panel)
    panel.show()
    row = panel.model.index_of("again")

    def words(column: Column) -> str:
        return row.siblingAtColumn(column).data()

    assert words(Column.WEIGHT_LAYERS) == "10–14"
    assert words(Column.PLAN_LAYERS) == "15–19"
    assert words(Column.INPUT) == "0  Layers 0–14"
    assert words(Column.SCALE) == "0.25"
    spoken = row.data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("Block 1, damped repeat, Again, weight layers 10 to 14")
    assert "damping 0.25" in spoken
    for column, text in (
        (Column.WEIGHT_LAYERS, "3-4"),
        (Column.SCALE, "0.75"),
        (Column.INPUT, "tokens"),
        (Column.BLOCK, "Once more"),
    ):
        cell = row.siblingAtColumn(column)
        assert panel.model.flags(cell) & Qt.ItemFlag.ItemIsEditable
        assert panel.model.setData(cell, text)
    block = again(editor)
    assert (block.weight_start, block.n_layers, block.scale) == (3, 2, 0.75)
    assert (block.input, block.title) == ("tokens", "Once more")


def test_its_line_is_coloured_and_edited_in_the_text(qtbot, editor, plan):
    panel = TextPanel(editor, Tasks())
    qtbot.addWidget(panel)
    panel.resize(600, 300)
    panel.show()
    text = panel.text
    line = text.document().findBlockByNumber(1)
    assert line.text() == "DampedRepeat; 15; 20; 10; 0; 0.25  # Again"
    qtbot.waitUntil(lambda: bool(line.layout().formats()))
    cursor = QTextCursor(line)
    cursor.setPosition(line.position() + line.text().index("0.25"))
    text.setTextCursor(cursor)
    for _ in range(4):
        QTest.keyClick(text, Qt.Key.Key_Delete)
    QTest.keyClicks(text, "0.5")
    qtbot.waitUntil(lambda: not panel.sync.is_unread)
    assert editor.plan == edits.set_scale(plan, "again", 0, 0.5)
    editor.undo_stack.undo()
    assert line.text().startswith("DampedRepeat; 15; 20; 10; 0; 0.25")


# --- the whole window ----------------------------------------------------------------------------


def test_the_window_adds_runs_saves_and_reads_it(bench: Bench) -> None:
    window, editor = bench.window, bench.window.services.editor
    before = editor.plan
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Tab)
    choose(bench.wait_for(SearchPopup), "damping")
    block = added(editor, before)
    output = before.output
    assert output is not None
    editor.apply("Insert block", edits.insert_before_output(editor.plan, block.id))
    assert editor.lowered is not None
    assert editor.plan.output == block.id

    bench.say("Hi")
    (opened,) = bench.engine.asked(Open)
    assert opened.recipe == lower(editor.plan).recipe
    window.canvas.plan_scene.select((block.id,))
    form = window.inspector.forms["damped-repeat"]
    assert isinstance(form, DampedRepeatForm)
    form.damping.setValue(0.5)
    bench.qtbot.waitUntil(lambda: bool(bench.engine.asked(SetScales)))
    number = len(lower(editor.plan).recipe.blocks) - 1
    (moved,) = bench.engine.asked(SetScales)
    assert moved.scales == ((number, 0, 0.5), (number, 1, 0.5))

    known = editor.plan.blocks[block.id]
    assert bench.run(window.services.documents.save())
    while editor.undo_stack.canUndo():
        editor.undo_stack.undo()
    assert editor.plan == before
    while editor.undo_stack.canRedo():
        editor.undo_stack.redo()
    assert editor.plan.blocks[block.id] == known
    bench.open_plan("again.txt", (bench.folder / "plan.txt").read_text())
    (read,) = [b for b in editor.plan.blocks.values() if isinstance(b, DampedRepeat)]
    assert replace(read, id=known.id, input=known.input) == known
    assert editor.lowered is not None
    assert read.id in window.canvas.plan_scene.blocks
