"""Colours and icons: readable in light and in dark, and following the palette."""

from __future__ import annotations

import gc

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QAction, QColor, QIcon, QPixmap
from PySide6.QtWidgets import QCheckBox

from app.ui.widgets import icons
from app.ui.widgets import theme as themes
from tests.ui.colours import contrast


@pytest.mark.parametrize("theme", [themes.light(), themes.dark()], ids=["light", "dark"])
def test_text_is_readable_on_what_it_stands_on(theme):
    for ground in (theme.window, theme.base, theme.block):
        assert contrast(theme.text, ground) >= 7
        assert contrast(theme.quiet, ground) >= 4.5
        assert contrast(theme.error, ground) >= 4.5
        assert contrast(theme.note, ground) >= 4.5
    for source in theme.sources:
        assert contrast(themes.text_on(source), source) >= 4


@pytest.mark.parametrize("theme", [themes.light(), themes.dark()], ids=["light", "dark"])
def test_sources_have_eight_different_colours(theme):
    assert len({c.name() for c in theme.sources}) == 8
    assert theme.source(9) == theme.source(1)


def test_the_theme_follows_the_applications_palette(qapp):
    before = qapp.palette()
    try:
        qapp.setPalette(themes.palette(themes.dark()))
        assert themes.current().dark
        qapp.setPalette(themes.palette(themes.light()))
        assert not themes.current().dark
    finally:
        qapp.setPalette(before)


@pytest.mark.parametrize("theme", [themes.light(), themes.dark()], ids=["light", "dark"])
@pytest.mark.parametrize("checked", [False, True])
def test_a_check_box_stands_out_from_the_window(qapp, qtbot, theme, checked):
    try:
        themes.show(qapp, theme)
        box = QCheckBox()
        qtbot.addWidget(box)
        box.setChecked(checked)
        image = box.grab().toImage()
        middle = image.height() // 2
        colours = [image.pixelColor(x, middle) for x in range(image.width())]
        assert max(contrast(colour, theme.window) for colour in colours) >= 1.5
        mark = max(contrast(a, b) for a in colours for b in colours)
        assert mark >= 3 or not checked
    finally:
        themes.show(qapp, themes.light())


def test_a_dressed_action_changes_colour_with_the_palette(qapp):
    before = qapp.palette()
    action = QAction("Delete")
    try:
        qapp.setPalette(themes.palette(themes.light()))
        icons.set_icon(action, "delete")
        in_light = action.icon().pixmap(32).toImage()
        qapp.setPalette(themes.palette(themes.dark()))
        qapp.processEvents()
        assert action.icon().pixmap(32).toImage() != in_light
    finally:
        qapp.setPalette(before)


def test_an_icon_is_drawn_in_the_size_and_state_that_are_wanted(qapp):
    icon = icons.icon("delete")
    usual = icon.pixmap(QSize(16, 16), 2.0)
    assert (usual.size(), usual.devicePixelRatio()) == (QSize(32, 32), 2.0)
    faint = icon.pixmap(QSize(16, 16), 2.0, QIcon.Mode.Disabled)
    assert faint.toImage() != usual.toImage()


def test_a_copy_of_an_icon_that_was_added_to_can_be_drawn(qapp):
    copy = QIcon(icons.icon("delete"))
    copy.addPixmap(QPixmap(3, 3))
    gc.collect()
    assert copy.pixmap(20).toImage() == icons.icon("delete").pixmap(20).toImage()


@pytest.mark.parametrize("path", sorted(icons.FOLDER.glob("*.svg")), ids=lambda p: p.stem)
def test_every_icon_is_of_the_family_and_draws_something(qapp, path):
    drawing = path.read_text()
    assert 'stroke="currentColor"' in drawing
    assert 'stroke-width="1.5"' in drawing
    picture = icons.pixmap(path.stem, 32, QColor("black")).toImage()
    inked = [(x, y) for x in range(32) for y in range(32) if picture.pixelColor(x, y).alpha() > 128]
    assert len(inked) > 12
