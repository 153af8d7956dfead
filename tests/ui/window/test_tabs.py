"""Several plans in tabs: each keeps its steps, its view and its changes; none is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QToolButton

from app.engine.messages import Open, SetScales
from app.plan.document import Plan
from tests.ui.hands import CTRL, CTRL_SHIFT, LEFT
from tests.ui.workbench import Bench


def names(bench: Bench) -> list[str]:
    return [d.name for d in bench.window.services.documents.all]


def test_tabs_show_when_there_is_something_to_choose(bench: Bench) -> None:
    assert bench.window.area.tabs.isHidden()
    bench.open_plan("other.txt")
    assert bench.window.area.tabs.isVisible()
    bar = bench.window.area.tabs.bar
    assert [bar.tabText(i) for i in range(bar.count())] == ["plan.txt", "other.txt"]
    assert bar.tabToolTip(0) == str(bench.folder / "plan.txt")
    bench.set_scale(0.6)
    assert "not saved" in bar.tabToolTip(1)
    assert bar.accessibleTabName(1) == "other.txt, not saved"
    assert not bar.tabIcon(1).isNull()
    assert bar.tabIcon(0).isNull()


def test_each_tab_keeps_its_own_undo_steps(bench: Bench) -> None:
    window, editor = bench.window, bench.window.services.editor
    bench.set_scale(0.6)
    mine = editor.plan
    bench.open_plan("other.txt")
    theirs = editor.plan
    assert not window.canvas.commands.undo.isEnabled()
    bench.qtbot.mouseClick(
        window.area.tabs.bar,
        LEFT,
        pos=window.area.tabs.bar.tabRect(0).center(),
    )
    assert editor.plan == mine
    window.canvas.setFocus()
    window.canvas.commands.undo.trigger()
    assert window.services.documents.dirty == []
    window.services.documents.show_neighbour(1)
    assert editor.plan == theirs
    window.services.documents.show_neighbour(1)
    window.canvas.commands.redo.trigger()
    assert editor.plan == mine


def test_a_tab_comes_back_as_one_looked_at_it(bench: Bench) -> None:
    canvas = bench.window.canvas
    canvas.set_zoom(1.7, QPointF(50, 40))
    canvas.pan_by(QPointF(31, -17))
    block = next(iter(bench.window.services.editor.plan.blocks))
    canvas.plan_scene.select((block,))
    zoom = canvas.zoom
    bench.open_plan("other.txt")
    assert canvas.zoom <= 1.0
    assert canvas.selected_ids() == ()
    for _ in range(4):
        bench.window.services.documents.show_neighbour(1)
    bench.window.services.documents.show_neighbour(1)
    assert canvas.zoom == pytest.approx(zoom)
    assert canvas.selected_ids() == (block,)
    before = canvas.to_scene(QPointF(0, 0))
    for _ in range(20):
        bench.window.services.documents.show_neighbour(1)
    assert canvas.to_scene(QPointF(0, 0)) == before


def test_keys_go_round_the_tabs(bench: Bench) -> None:
    bench.open_plan("other.txt")
    bench.open_plan("third.txt")
    window = bench.window
    window.activateWindow()
    bench.qtbot.keyClick(window, Qt.Key.Key_Tab, CTRL)
    assert window.services.documents.name == "plan.txt"
    bench.qtbot.keyClick(window, Qt.Key.Key_Backtab, CTRL_SHIFT)
    assert window.services.documents.name == "third.txt"
    bench.qtbot.keyClick(window, Qt.Key.Key_W, CTRL)
    bench.qtbot.waitUntil(lambda: names(bench) == ["plan.txt", "other.txt"])
    bench.qtbot.keyClick(window, Qt.Key.Key_N, CTRL)
    assert len(window.services.documents.all) == 3
    assert window.services.documents.active.path is None


def test_a_middle_click_closes_a_tab_and_the_plus_opens_one(bench: Bench) -> None:
    bench.open_plan("other.txt")
    tabs = bench.window.area.tabs
    bench.qtbot.mouseClick(tabs.new, LEFT)
    assert len(names(bench)) == 3
    centre = tabs.bar.tabRect(0).center()
    bench.qtbot.mouseClick(tabs.bar, Qt.MouseButton.MiddleButton, pos=centre)
    bench.qtbot.waitUntil(lambda: "plan.txt" not in names(bench))


def test_tabs_can_be_dragged_into_another_order(bench: Bench) -> None:
    bench.open_plan("other.txt")
    bench.open_plan("third.txt")
    bench.window.area.tabs.bar.moveTab(0, 2)
    assert names(bench) == ["other.txt", "third.txt", "plan.txt"]
    bench.window.services.documents.show_neighbour(1)
    assert bench.window.services.documents.name == "plan.txt"
    assert bench.window.area.tabs.bar.currentIndex() == 2


def test_closing_a_changed_tab_asks(bench: Bench) -> None:
    bench.open_plan("other.txt")
    bench.set_scale(0.6)
    documents, bar = bench.window.services.documents, bench.window.area.tabs.bar
    documents.show_neighbour(1)
    bench.qtbot.mouseClick(bar.tabButton(1, bar.ButtonPosition.RightSide), LEFT)
    assert "other.txt" in bench.answer("Cancel")
    assert names(bench) == ["plan.txt", "other.txt"]
    assert documents.name == "other.txt"
    bench.window.files.close_plan()
    bench.answer("Save")
    bench.qtbot.waitUntil(lambda: names(bench) == ["plan.txt"])
    assert "0.6" in (bench.folder / "other.txt").read_text()


def test_closing_the_last_tab_leaves_an_empty_plan(bench: Bench) -> None:
    bench.window.files.close_plan()
    bench.qtbot.waitUntil(lambda: names(bench) == ["Untitled plan"])
    assert bench.window.services.editor.plan == Plan()
    bench.open_plan("other.txt")
    assert names(bench) == ["other.txt"]


def test_closing_the_window_asks_once_about_all_changed_plans(bench: Bench) -> None:
    bench.set_scale(0.6)
    bench.open_plan("other.txt")
    bench.open_plan("third.txt")
    bench.set_scale(0.7)
    bench.window.close()
    said = bench.answer("Cancel")
    assert "2 plans" in said
    assert "plan.txt" in said
    assert "third.txt" in said
    bench.qtbot.waitUntil(lambda: not bench.window._closing)
    bench.window.close()
    with bench.qtbot.waitSignal(bench.window.closed):
        bench.answer("Save all")
    assert "0.6" in (bench.folder / "plan.txt").read_text()
    assert "0.7" in (bench.folder / "third.txt").read_text()


def test_what_is_being_typed_stays_with_its_plan(bench: Bench) -> None:
    """A title that is typed on the canvas belongs to the plan that was shown then."""
    bench.open_plan("other.txt")
    canvas, documents = bench.window.canvas, bench.window.services.documents
    theirs = documents.all[0].plan
    block = next(iter(bench.window.services.editor.plan.blocks))
    bench.window.activateWindow()
    canvas.plan_scene.select((block,))
    canvas.rename()
    field = bench.window.focusWidget()
    bench.qtbot.keyClicks(field, "Mine")
    documents.show_neighbour(1)
    assert bench.window.services.editor.plan == theirs
    documents.show_neighbour(1)
    assert bench.window.services.editor.plan.blocks[block].title == "Mine"


def test_the_running_plan_is_named_and_left_alone_by_other_tabs(bench: Bench) -> None:
    window = bench.window
    bench.say("Hi")
    assert window.services.runner.is_current
    bench.open_plan("other.txt")
    assert not window.services.runner.is_current
    assert "also open: plan.txt" in window.status.words
    bench.set_scale(0.9)
    assert bench.engine.asked(SetScales) == []
    window.services.documents.show_neighbour(1)
    assert window.services.runner.is_current
    bench.set_scale(0.8)
    bench.qtbot.waitUntil(lambda: len(bench.engine.asked(SetScales)) == 1)
    window.services.documents.show_neighbour(1)
    opened = len(bench.engine.asked(Open))
    window.run()
    bench.wait_idle()
    assert len(bench.engine.asked(Open)) == opened + 1
    assert window.services.runner.is_current
    assert "Ready" in window.status.words


def test_blocks_are_copied_from_one_tab_to_another(bench: Bench) -> None:
    commands = bench.window.canvas.commands
    commands.select_all.trigger()
    commands.copy.trigger()
    bench.window.files.new_plan()
    assert len(bench.window.services.editor.plan.blocks) == 1
    commands.paste.trigger()
    assert len(bench.window.services.editor.plan.blocks) == 5
    bench.window.services.documents.show_neighbour(1)
    assert len(bench.window.services.editor.plan.blocks) == 4
    assert not bench.window.isWindowModified()


def test_two_tabs_never_share_a_file(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.ui.widgets import dialogs

    bench.open_plan("other.txt")

    async def pick(*_args: object) -> Path:
        return bench.folder / "plan.txt"

    monkeypatch.setattr(dialogs, "ask_save_path", pick)
    bench.window.files.save_as()
    assert "another tab" in bench.answer("OK")
    assert bench.window.services.documents.name == "other.txt"


def test_the_new_tab_button_can_be_reached_by_name(bench: Bench) -> None:
    buttons = bench.window.area.tabs.findChildren(QToolButton)
    assert "New plan" in [b.accessibleName() for b in buttons]
