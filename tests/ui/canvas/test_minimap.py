"""The minimap: when it is there, and how one looks about with it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.plan import edits
from app.plan.document import TOKENS, Plan, WeightBlock
from app.ui.canvas import Canvas
from app.ui.canvas.minimap import Minimap
from app.ui.widgets import theme as themes
from tests.ui.hands import LEFT, NO_BUTTON, NO_KEY, drag


@pytest.fixture
def minimap(canvas: Canvas) -> Minimap:
    """The minimap while the plan is twice as large as what is in sight."""
    canvas.minimap.redraw()
    canvas.fit_all()
    canvas.zoom_by(2.0)
    assert canvas.minimap.isVisible()
    return canvas.minimap


def centre(canvas: Canvas) -> QPointF:
    return canvas.seen_rect().center()


def apart(a: QPointF, b: QPointF) -> float:
    return (a - b).manhattanLength()


def test_it_is_away_while_everything_is_in_sight(canvas):
    canvas.fit_all()
    assert not canvas.minimap.isVisible()
    canvas.minimap.redraw()
    assert not canvas.minimap.isVisible()
    canvas.zoom_by(3.0)
    assert canvas.minimap.isVisible()
    canvas.fit_all()
    assert not canvas.minimap.isVisible()


def test_it_stands_in_the_corner_and_stays_there_while_the_view_moves(canvas, minimap):
    canvas.pan_by(QPointF(37, 21))
    away = canvas.rect().bottomRight() - minimap.geometry().bottomRight()
    assert 0 < away.x() < 20
    assert 0 < away.y() < 20
    canvas.resize(900, 500)
    assert canvas.rect().bottomRight() - minimap.geometry().bottomRight() == away


def test_it_is_away_on_a_tiny_canvas_and_when_it_is_not_wanted(canvas, minimap):
    minimap.set_wanted(False)
    assert not minimap.isVisible()
    minimap.set_wanted(True)
    assert minimap.isVisible()
    canvas.resize(400, 600)
    assert not minimap.isVisible()


def test_a_click_looks_there(canvas, minimap):
    at = QPoint(minimap.width() - 8, minimap.height() // 2)
    assert not minimap.sight().contains(QPointF(at))
    QTest.mouseClick(minimap, LEFT, NO_KEY, at)
    assert apart(centre(canvas), minimap.to_scene(QPointF(at))) < 4


def test_dragging_what_is_in_sight_moves_the_view_as_far(canvas, editor, plan, minimap):
    before, sight = centre(canvas), minimap.sight()
    start = (sight.center() + QPointF(5, 3)).toPoint()
    by = QPoint(-20, 6)
    drag(minimap, start, start + by)
    scene_by = minimap.to_scene(QPointF(by)) - minimap.to_scene(QPointF())
    assert apart(centre(canvas), before + scene_by) < 4
    assert apart(minimap.sight().topLeft(), sight.topLeft() + QPointF(by)) < 3
    assert editor.plan is plan
    assert canvas.selected_ids() == ()


def test_the_wheel_over_it_zooms_around_the_middle_of_what_is_seen(canvas, minimap):
    zoom, middle, at = canvas.zoom, centre(canvas), QPointF(4, 4)
    wheel = QWheelEvent(
        at,
        minimap.mapToGlobal(at),
        QPoint(),
        QPoint(0, 480),
        NO_BUTTON,
        NO_KEY,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(minimap, wheel)
    assert canvas.zoom == pytest.approx(2 * zoom)
    assert apart(centre(canvas), middle) < 4


def test_a_press_with_another_button_does_nothing_to_the_canvas(canvas, minimap):
    menus: list[object] = []
    canvas.menu_wanted.connect(lambda *given: menus.append(given))
    QTest.mouseClick(minimap, Qt.MouseButton.RightButton, NO_KEY, QPoint(5, 5))
    QTest.mouseClick(minimap, Qt.MouseButton.MiddleButton, NO_KEY, QPoint(5, 5))
    assert menus == []
    assert canvas.gesture is None


def test_it_shows_blocks_in_their_source_s_colour_and_follows_the_plan(
    qtbot, canvas, editor, minimap
):
    blue = themes.current().source(0).rgb()

    def blues() -> int:
        image = minimap.grab().toImage()
        points = ((x, y) for x in range(image.width()) for y in range(image.height()))
        return sum(image.pixel(x, y) == blue for x, y in points)

    canvas.pan_by(QPointF(-3000, 0))
    before = blues()
    assert before > 20
    editor.apply("Delete", edits.remove(editor.plan, ("trunk", "left"), heal=False))
    qtbot.waitUntil(lambda: 0 < blues() < before)


@pytest.mark.parametrize("far", [-1e7, 1e7])
def test_absurd_places_leave_it_usable(canvas, editor, far):
    editor.replace_document(
        Plan(output="b").with_blocks(
            WeightBlock("a", 0, 2, TOKENS, position=(0.0, 0.0)),
            WeightBlock("b", 2, 2, "a", position=(far, far)),
        )
    )
    canvas.minimap.redraw()
    canvas.fit_all()
    minimap = canvas.minimap
    assert minimap.isVisible()
    assert minimap.width() <= 210
    assert minimap.height() <= 140
    for corner in (QPoint(7, 7), QPoint(minimap.width() - 8, minimap.height() - 8)):
        QTest.mouseClick(minimap, LEFT, NO_KEY, corner)
        sight = minimap.sight()
        assert sight.intersected(minimap.rect().toRectF()) == sight
        assert sight.width() >= 8


def test_it_takes_no_keys_and_has_a_name(minimap):
    assert minimap.focusPolicy() == Qt.FocusPolicy.NoFocus
    assert minimap.accessibleName() == "Minimap"
