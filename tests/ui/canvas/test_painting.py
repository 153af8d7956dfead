"""What is seen: pictures of the canvas, looked at pixel by pixel where it matters."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage

from app.plan import edits
from app.plan.document import TOKENS, MergeInput, Plan, WeightBlock
from app.ui.canvas import Canvas
from app.ui.canvas.numbers import range_text, scale_text
from app.ui.canvas.sections.faders import FadersSection, fader_range
from app.ui.canvas.sections.strip import StripSection
from app.ui.canvas.shapes import shape_of
from app.ui.widgets import theme as themes


def picture(canvas: Canvas) -> QImage:
    return canvas.viewport().grab().toImage()


def colour_at(canvas: Canvas, image: QImage, at: QPointF) -> QColor:
    return image.pixelColor(canvas.viewportTransform().map(at).toPoint())


def near(a: QColor, b: QColor) -> bool:
    return all(abs(x - y) <= 40 for x, y in zip(a.getRgb(), b.getRgb(), strict=True))


def strip_corner(canvas: Canvas, block_id: str, cell: int) -> QPointF:
    """The top of a cell, above its number."""
    item = canvas.plan_scene.blocks[block_id]
    area = item.block_shape.section(StripSection).cells(cell, 1)
    return item.pos() + QPointF(area.center().x(), area.top() + 3)


@pytest.mark.parametrize("zoom", [0.2, 0.5, 1.0, 1.4, 2.0])
def test_cells_have_their_sources_colour_at_every_zoom(canvas, editor, zoom):
    editor.set_weight_layer_count(40, (0, 28))
    theme = themes.current()
    for block_id, source in (("left", 0), ("right", 1)):
        canvas.show_block(block_id)
        canvas._look_at(canvas.plan_scene.bounds_of((block_id,)).center(), zoom)
        canvas._come_to_rest()
        seen = colour_at(canvas, picture(canvas), strip_corner(canvas, block_id, 3))
        assert near(seen, theme.source(source))


@pytest.mark.parametrize("zoom", [1.0, 4.0])
def test_a_merge_of_a_thousand_inputs_is_painted_without_a_picture_of_it(
    canvas, editor, plan, qtlog, zoom
):
    inputs = tuple(MergeInput("left", 0.001) for _ in range(1000))
    vast = replace(plan.blocks["m"], inputs=inputs)
    editor.apply("Load", plan.with_blocks(vast))
    item = canvas.plan_scene.blocks["m"]
    canvas._look_at(QPointF(item.left + 200, item.top + 84), zoom)
    canvas._come_to_rest()
    groove = item.pos() + item.block_shape.section(FadersSection).track(4).center()
    seen = picture(canvas)
    assert colour_at(canvas, seen, groove) != canvas.theme.canvas
    assert colour_at(canvas, seen, groove) != colour_at(canvas, seen, groove + QPointF(12, 0))
    assert [record.message for record in qtlog.records] == []


def test_one_block_may_show_two_sources(canvas, editor):
    editor.set_weight_layer_count(40, (0, 24))
    canvas._look_at(canvas.plan_scene.bounds_of(("left",)).center(), 1.0)
    image, theme = picture(canvas), themes.current()
    assert near(colour_at(canvas, image, strip_corner(canvas, "left", 1)), theme.source(0))
    assert near(colour_at(canvas, image, strip_corner(canvas, "left", 6)), theme.source(1))


def test_only_what_changed_is_painted_again_and_nothing_old_stays(canvas, editor, qtbot):
    canvas._come_to_rest()
    picture(canvas)
    start = canvas.plan_scene.bounds_of(("m",)).center()
    editor.apply("Move block", edits.move(editor.plan, {"m": (680.0, 240.0)}))
    qtbot.wait(20)
    stepwise = canvas.grab().toImage()
    assert near(colour_at(canvas, stepwise, start - QPointF(0, 70)), themes.current().canvas)


def test_links_are_thicker_where_the_scale_is_larger(canvas, editor, plan):
    thin = canvas.plan_scene.links["m", 0].width
    editor.apply("Set scale", edits.set_scale(plan, "m", 0, 1.0))
    assert canvas.plan_scene.links["m", 0].width > thin
    editor.apply("Set scale", edits.set_scale(editor.plan, "m", 0, -1.0))
    assert canvas.plan_scene.links["m", 0].width > thin


def test_unused_blocks_and_problems_show_on_their_faces(canvas, editor, plan):
    editor.apply("Break", edits.set_weights(edits.disconnect(plan, "m", 0), "right", 35, 10))
    blocks = canvas.plan_scene.blocks
    assert blocks["left"].face.unused
    assert not blocks["right"].face.unused
    assert blocks["right"].face.badge.severity == "error"
    assert blocks["m"].face.badge is not None
    assert blocks["trunk"].face.badge is None


def test_a_palette_change_repaints_in_the_other_theme(canvas, qapp):
    before = qapp.palette()
    try:
        qapp.setPalette(themes.palette(themes.dark()))
        qapp.processEvents()
        corner = picture(canvas).pixelColor(3, 3)
        assert near(corner, themes.dark().canvas)
    finally:
        qapp.setPalette(before)


def test_a_thousand_blocks_are_painted_from_pictures_within_their_budget(qtbot, editor, canvas):
    blocks = [WeightBlock("b0", 0, 1, TOKENS, position=(0.0, 0.0))]
    for n in range(1, 1000):
        place = (float(n % 40) * 260, float(n // 40) * 140)
        blocks.append(WeightBlock(f"b{n}", n % 40, 1, f"b{n - 1}", position=place))
    editor.replace_document(Plan(output="b999").with_blocks(*blocks))
    for zoom in (0.1, 0.5, 1.0):
        canvas._look_at(QPointF(5000, 1700), zoom)
        image = picture(canvas)
        seen = {image.pixelColor(x, y).rgb() for x in range(0, 1000, 9) for y in range(0, 500, 9)}
        assert themes.current().source(0).rgb() in seen
    canvas._come_to_rest()
    assert canvas._layer._picture_bytes < 100 * 2**20


@pytest.mark.parametrize("n_layers", [1, 5, 8, 30, 80, 512])
def test_a_weight_block_is_as_wide_as_its_layers_ask_on_the_grid(n_layers):
    shape = shape_of(WeightBlock("b", 0, n_layers, None))
    assert 184 <= shape.width <= 504
    assert shape.width % 4 == 0
    assert shape.section(StripSection).strip.right() <= shape.width - 12 + 1e-6


def test_numbers_are_written_for_people():
    assert [scale_text(s) for s in (0.5, 1.0, -0.25, 1 / 3)] == ["0.50", "1.00", "−0.25", "0.333"]
    assert [range_text(0, 22), range_text(7, 8)] == ["0–21", "7"]
    assert [fader_range(s) for s in (0.5, 1.3, -0.2)] == [(0, 1), (0, 2), (-1, 1)]
