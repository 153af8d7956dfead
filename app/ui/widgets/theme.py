"""Colours, sizes and fonts of the window, for light and for dark systems."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

GRID = 4
"""Everything on the canvas and all spacing in the window is a multiple of this, in pixels."""

SMALL, NORMAL, TITLE = 10, 12, 13
"""The three text sizes of the canvas, in scene pixels."""


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours for one kind of system palette. `sources` are told apart by colour-blind eyes."""

    dark: bool
    window: QColor
    base: QColor
    raised: QColor
    text: QColor
    quiet: QColor
    edge: QColor
    accent: QColor
    canvas: QColor
    canvas_dots: QColor
    block: QColor
    well: QColor
    link: QColor
    error: QColor
    note: QColor
    good: QColor
    sources: tuple[QColor, ...]

    def source(self, index: int) -> QColor:
        """The colour of the source with this index; after eight sources they come again."""
        return self.sources[index % len(self.sources)]


@cache
def light() -> Theme:
    """The colours for a light system."""
    return Theme(
        dark=False,
        window=QColor("#f4f5f6"),
        base=QColor("#ffffff"),
        raised=QColor("#fafbfb"),
        text=QColor("#1c2126"),
        quiet=QColor("#5f6872"),
        edge=QColor("#c6ccd2"),
        accent=QColor("#0b66b0"),
        canvas=QColor("#eceef0"),
        canvas_dots=QColor("#d3d8dc"),
        block=QColor("#ffffff"),
        well=QColor("#e6e9ec"),
        link=QColor("#78838e"),
        error=QColor("#b3261e"),
        note=QColor("#8a6200"),
        good=QColor("#1f7a4d"),
        sources=_colours("#2380bd #e69f00 #009e73 #cc79a7 #56b4e9 #d55e00 #d8c71c #848b92"),
    )


@cache
def dark() -> Theme:
    """The colours for a dark system."""
    return Theme(
        dark=True,
        window=QColor("#1e2125"),
        base=QColor("#17191c"),
        raised=QColor("#262a2f"),
        text=QColor("#e6e9ec"),
        quiet=QColor("#9aa4ae"),
        edge=QColor("#3f464e"),
        accent=QColor("#6ab1ee"),
        canvas=QColor("#15171a"),
        canvas_dots=QColor("#2a2e33"),
        block=QColor("#24282d"),
        well=QColor("#33393f"),
        link=QColor("#7e8995"),
        error=QColor("#f2796e"),
        note=QColor("#e2b33f"),
        good=QColor("#62c391"),
        sources=_colours("#4a9fdb #e8a838 #28b48c #d38fb5 #83c9f3 #e67b3c #e5da5d #9aa1a8"),
    )


def current() -> Theme:
    """The colours that suit the application's palette as it is now."""
    return dark() if QGuiApplication.palette().window().color().lightness() < 128 else light()


def install(app: QApplication) -> None:
    """Give the application our palette, light or dark as the system is, and follow the system."""
    system_is_dark = app.palette().window().color().lightness() < 128
    scheme = app.styleHints().colorScheme()
    if scheme != Qt.ColorScheme.Unknown:
        system_is_dark = scheme == Qt.ColorScheme.Dark
    show(app, dark() if system_is_dark else light())
    app.styleHints().colorSchemeChanged.connect(
        lambda scheme: show(app, dark() if scheme == Qt.ColorScheme.Dark else light())
    )


def show(app: QApplication, theme: Theme) -> None:
    """Draw the whole application in this theme."""
    app.setStyle(QStyleFactory.create("Fusion"))
    app.setPalette(palette(theme))
    boxes = palette(theme)
    if theme.dark:  # the style draws their outline darker than the window, where none is seen
        boxes.setColor(QPalette.ColorRole.Base, mixed(theme.raised, theme.text, 0.4))
    app.setPalette(boxes, "QCheckBox")  # type: ignore[arg-type]  # its stub is wrong


def palette(theme: Theme) -> QPalette:
    """The widgets' palette for a theme."""
    p = QPalette(theme.text, theme.window)
    role = QPalette.ColorRole
    p.setColor(role.Window, theme.window)
    p.setColor(role.Base, theme.base)
    p.setColor(role.AlternateBase, theme.window)
    p.setColor(role.Button, theme.raised)
    p.setColor(role.WindowText, theme.text)
    p.setColor(role.Text, theme.text)
    p.setColor(role.ButtonText, theme.text)
    p.setColor(role.PlaceholderText, theme.quiet)
    p.setColor(role.ToolTipBase, theme.raised)
    p.setColor(role.ToolTipText, theme.text)
    p.setColor(role.Highlight, theme.accent)
    p.setColor(role.HighlightedText, text_on(theme.accent))
    p.setColor(role.Accent, theme.accent)
    p.setColor(role.Link, theme.accent)
    p.setColor(role.LinkVisited, theme.accent)
    p.setColor(role.Mid, theme.edge)
    p.setColor(role.Midlight, theme.well)
    p.setColor(role.Light, theme.raised if theme.dark else theme.base)
    p.setColor(role.Dark, theme.edge)
    p.setColor(role.Shadow, theme.edge)
    faint = mixed(theme.text, theme.window, 0.6)
    for faded in (role.WindowText, role.Text, role.ButtonText):
        p.setColor(QPalette.ColorGroup.Disabled, faded, faint)
    p.setColor(QPalette.ColorGroup.Disabled, role.Highlight, theme.edge)
    return p


def mixed(colour: QColor, other: QColor, share: float) -> QColor:
    """`colour` with this share (0 to 1) of `other` in it."""
    keep = 1.0 - share
    return QColor.fromRgbF(
        colour.redF() * keep + other.redF() * share,
        colour.greenF() * keep + other.greenF() * share,
        colour.blueF() * keep + other.blueF() * share,
    )


def text_on(colour: QColor) -> QColor:
    """White where it reads well on this colour, else nearly black."""
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b
    contrast_of_white = 1.05 / (luminance + 0.05)
    return QColor("#ffffff") if contrast_of_white >= 4.0 else QColor("#14171a")


def canvas_font(pixels: float, *, strong: bool = False) -> QFont:
    """The system's font at a size in scene pixels, with figures of equal width."""
    font = QFont(QGuiApplication.font())
    font.setPixelSize(max(1, round(pixels)))
    font.setWeight(QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
    return with_tabular_figures(font)


def with_tabular_figures(font: QFont) -> QFont:
    """The font with figures of equal width, so that numbers do not dance as they change."""
    even = QFont(font)
    even.setFeature(QFont.Tag("tnum"), 1)
    return even


def _colours(names: str) -> tuple[QColor, ...]:
    return tuple(QColor(name) for name in names.split())
