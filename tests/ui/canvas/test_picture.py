"""The plan as a picture: what is in it, as text where that can be, and how large it is."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage
from PySide6.QtSvg import QSvgRenderer

from app.plan.document import TOKENS, Annotation, Plan, WeightBlock
from app.ui.canvas import Canvas
from app.ui.canvas.picture import MOST_PNG_PIXELS, MOST_PNG_SIDE, Picture, png
from app.ui.widgets import theme as themes

FRAME = Annotation("a0", "frame", "Branches & more", (360.0, -60.0), (300.0, 340.0), 2)
NOTE = Annotation("a1", "note", "Try 0.3 here", (0.0, 240.0), (160.0, 80.0), 6)


@pytest.fixture
def plan(plan):
    """The plan with titles, a frame and a note."""
    trunk = replace(plan.blocks["trunk"], title="Trunk <1>")
    left = replace(plan.blocks["left"], title="Left branch")
    plan = plan.with_blocks(trunk, left)
    return replace(plan, annotations=MappingProxyType({"a0": FRAME, "a1": NOTE}))


def words_in(svg: bytes) -> list[str]:
    root = ElementTree.fromstring(svg)
    return ["".join(text.itertext()).strip() for text in root.iter() if text.tag.endswith("}text")]


def n_of(image: QImage, colour: QColor) -> int:
    spots = ((x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2))
    return sum(image.pixelColor(x, y) == colour for x, y in spots)


def test_an_svg_has_every_word_as_text_and_the_plan_s_name(canvas: Canvas) -> None:
    svg = Picture(canvas.plan_scene).svg("My <plan>")
    words = words_in(svg)
    for word in ("Trunk <1>", "Left branch", "Tokens", "Output", "Branches & more", "sum 1.00"):
        assert word in words
    assert "Try 0.3 here" in words
    title = ElementTree.fromstring(svg).find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text == "My <plan>"
    renderer = QSvgRenderer(svg)
    assert renderer.isValid()
    assert renderer.defaultSize().width() > 800


def test_a_selection_is_alone_in_its_picture_with_the_links_among_it(canvas: Canvas) -> None:
    scene = canvas.plan_scene
    words = words_in(Picture(scene, ("left", "a1")).svg("x"))
    assert "Left branch" in words
    assert "Try 0.3 here" in words
    assert not {"Trunk <1>", "Tokens", "Output", "Branches & more"} & set(words)
    bounds = Picture(scene, ("left",)).bounds
    assert bounds.contains(scene.bounds_of(("left",)))
    assert not bounds.intersects(scene.bounds_of(("trunk",)))
    apart = Picture(scene, ("trunk", "m")).svg("x").count(b"<path")
    joined = Picture(scene, ("trunk", "left", "m")).svg("x").count(b"<path")
    assert joined >= apart + 2


def test_an_image_has_two_pixels_for_one_and_is_the_canvas_in_light_colours(
    canvas: Canvas,
) -> None:
    picture = Picture(canvas.plan_scene)
    image = QImage.fromData(png(picture.image()))
    assert image.width() == pytest.approx(2 * picture.bounds.width(), abs=1)
    assert image.height() == pytest.approx(2 * picture.bounds.height(), abs=1)
    theme = themes.light()
    assert n_of(image, QColor("white")) > image.width() * image.height() / 16
    assert n_of(image, theme.source(0)) > 100
    assert n_of(image, theme.canvas_dots) == 0


def test_what_is_selected_looks_like_the_rest(canvas: Canvas) -> None:
    picture = Picture(canvas.plan_scene)
    before = picture.image()
    canvas.select_all()
    assert picture.image() == before


def test_blocks_far_apart_make_no_image_beyond_measure(canvas: Canvas, editor) -> None:
    for far in (QPointF(3e5, 0), QPointF(9e5, 9e5), QPointF(0, 9e5)):
        editor.replace_document(
            Plan(output="b").with_blocks(
                WeightBlock("a", 0, 2, TOKENS, position=(0.0, 0.0)),
                WeightBlock("b", 2, 2, "a", position=(far.x(), far.y())),
            )
        )
        picture = Picture(canvas.plan_scene)
        assert picture.image_scale() < 1
        width = picture.bounds.width() * picture.image_scale()
        height = picture.bounds.height() * picture.image_scale()
        assert max(width, height) <= MOST_PNG_SIDE + 1
        assert width * height <= MOST_PNG_PIXELS * 1.01
