"""A chart in the window's colours that can be saved as a picture or as its numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyqtgraph as pg
from PySide6.QtCore import QBuffer, QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPaintDevice, QPainter, QPalette
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QLabel, QStackedWidget, QWidget

from app.ui.canvas.picture import png
from app.ui.state.writing import write_or_tell
from app.ui.tools.results_table import Table
from app.ui.widgets import dialogs
from app.ui.widgets import theme as themes

PATTERN = "PNG picture (*.png);;SVG picture (*.svg);;Numbers as CSV (*.csv)"
_REACH = 14.0
_BAR = 0.8
_PNG_SCALE = 2


class Chart(QStackedWidget):
    """Bars or points over two named axes. `chosen` carries the number of one that was clicked."""

    chosen = Signal(int)

    def __init__(self, name: str, across: str, up: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = across, up
        self._table = Table((across, up), ())
        self._words: Sequence[str] = ()
        self._at: list[QPointF] = []
        self._draw: Callable[[], None] = lambda: None
        self.plot = pg.PlotWidget()
        self.plot.setAccessibleName(name)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setMouseEnabled(False, False)
        self.plot.scene().sigMouseMoved.connect(self._show_words)
        self.plot.scene().sigMouseClicked.connect(self._choose)
        nothing = QLabel("Nothing measured yet")
        nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        nothing.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.addWidget(nothing)
        self.addWidget(self.plot)
        self._colour_axes()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see or to save."""
        return not self._table.rows

    def show_bars(
        self, values: Sequence[float], sources: Sequence[int], words: Sequence[str], table: Table
    ) -> None:
        """A bar for each value in its source's colour; `words` are what its tool tip says."""
        self._table, self._words = table, words
        self._at = [QPointF(n, value) for n, value in enumerate(values)]

        def draw() -> None:
            bars = pg.BarGraphItem(
                x=list(range(len(values))),
                height=list(values),
                width=_BAR,
                brushes=[themes.current().source(source) for source in sources],
                pen=None,
            )
            self.plot.addItem(bars)

        self._draw = draw
        self._redraw()

    def show_points(
        self,
        points: Sequence[tuple[float, float]],
        best: int,
        words: Sequence[str],
        table: Table,
        limit: float | None = None,
    ) -> None:
        """A point for each pair, the number `best` of them filled; `limit` is an upright line."""
        self._table, self._words = table, words
        self._at = [QPointF(x, y) for x, y in points]

        def draw() -> None:
            theme = themes.current()
            if limit is not None:
                self.plot.addItem(pg.InfiniteLine(limit, pen=pg.mkPen(theme.note, width=1)))
            brushes = [theme.accent if n == best else theme.base for n in range(len(points))]
            self.plot.addItem(
                pg.ScatterPlotItem(
                    x=[x for x, _ in points],
                    y=[y for _, y in points],
                    size=9,
                    pen=pg.mkPen(theme.accent, width=1.5),
                    brush=brushes,
                )
            )

        self._draw = draw
        self._redraw()

    async def save(self, proposed: Path) -> Path | None:
        """Ask where to and write a picture or the numbers; None where nothing was written."""
        window = self.window()
        path = await dialogs.ask_save_path(window, "Save chart", proposed, PATTERN)
        if path is None:
            return None
        content = self._content(path.suffix.lower())
        if content is None:
            await dialogs.tell(
                window,
                f"“{path.name}” was not written: its extension is not .png, .svg or .csv.",
                "Use .png or .svg for a picture, or .csv for the numbers.",
            )
            return None
        return path if await write_or_tell(window, path, content) else None

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._colour_axes()
            self._redraw()

    def _content(self, suffix: str) -> bytes | None:
        if suffix == ".csv":
            return self._table.csv().encode("utf-8")
        size = self.plot.size()
        if suffix == ".png":
            image = QImage(size * _PNG_SCALE, QImage.Format.Format_RGB32)
            self._paint_on(image)
            return png(image)
        if suffix == ".svg":
            data = QBuffer()
            drawing = QSvgGenerator()
            drawing.setOutputDevice(data)
            drawing.setSize(size)
            drawing.setViewBox(QRect(QPoint(0, 0), size))
            drawing.setTitle(self.plot.accessibleName())
            self._paint_on(drawing)
            return bytes(data.data().data())
        return None

    def _paint_on(self, device: QPaintDevice) -> None:
        painter = QPainter(device)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QRectF(0, 0, device.width(), device.height())
        painter.fillRect(whole, themes.current().base)
        self.plot.render(painter, whole)
        painter.end()

    def _redraw(self) -> None:
        self.setCurrentIndex(0 if self.is_empty else 1)
        self.plot.clear()
        self._draw()
        self.plot.autoRange(padding=0.04)
        self.plot.setAccessibleDescription("\n".join(self._words))

    def _colour_axes(self) -> None:
        theme = themes.current()
        self.plot.setBackground(theme.base)
        for side, words in zip(("bottom", "left"), self._names, strict=True):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(theme.edge))
            axis.setTextPen(pg.mkPen(theme.quiet))
            axis.enableAutoSIPrefix(False)
            self.plot.setLabel(side, words, color=theme.quiet.name())
        self.plot.showGrid(x=False, y=True, alpha=0.15)

    def _under(self, at: QPointF) -> int | None:
        """The number of the bar or point under a point of the plot's scene."""
        box = self.plot.plotItem.vb
        if not box.sceneBoundingRect().contains(at):
            return None
        seen = [box.mapViewToScene(point) for point in self._at]
        distance = [abs(p.x() - at.x()) for p in seen]
        nearest = min(range(len(seen)), key=lambda n: distance[n], default=None)
        return nearest if nearest is not None and distance[nearest] <= _REACH else None

    def _show_words(self, at: QPointF) -> None:
        under = self._under(at)
        self.plot.setToolTip("" if under is None else self._words[under])

    def _choose(self, event: object) -> None:
        under = self._under(event.scenePos())  # type: ignore[attr-defined]
        if under is not None:
            self.chosen.emit(under)
