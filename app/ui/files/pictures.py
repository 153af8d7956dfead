"""The plan on paper and as a picture: asks what and where to, writes it whole or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QPageLayout, QPainter
from PySide6.QtWidgets import QDialog

from app.ui.canvas import Canvas
from app.ui.state.services import Services
from app.ui.state.tasks import in_thread
from app.ui.state.writing import write_or_tell
from app.ui.widgets import dialogs

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

    from app.ui.canvas.picture import Picture

PATTERN = "SVG picture (*.svg);;PNG picture (*.png)"
WHOLE, SELECTION = "Whole plan", "Selection"
_CANVAS_DPI = 96.0


class Pictures:
    """What File > Export picture and File > Print do."""

    def __init__(self, services: Services, canvas: Canvas) -> None:
        self._window = services.window
        self._canvas = canvas
        self._documents = services.documents
        self._notices = services.notices

    async def export(self) -> None:
        """Write the plan, or what is selected of it, as a picture to a file the user picks."""
        from app.ui.canvas.picture import Picture

        selection: tuple[str, ...] | None = self._canvas.plan_scene.selection() or None
        if selection:
            answer = await dialogs.ask(
                self._window,
                "Export the whole plan, or what is selected?",
                choices=(WHOLE, SELECTION, dialogs.CANCEL),
            )
            if answer == dialogs.CANCEL:
                return
            selection = selection if answer == SELECTION else None
        path = await dialogs.ask_save_path(
            self._window, "Export picture", self._proposed(".svg"), PATTERN
        )
        if path is None:
            return
        picture = Picture(self._canvas.plan_scene, selection)
        if path.suffix.lower() == ".svg":
            if await write_or_tell(self._window, path, picture.svg(self._documents.active.title)):
                self._notices.post(f"Exported {path.name}.")
        elif path.suffix.lower() == ".png":
            await self._export_png(path, picture)
        else:
            await dialogs.tell(
                self._window,
                f"“{path.name}” was not written: its extension is neither .svg nor .png.",
                "Use .svg for a scalable picture, or .png.",
            )

    async def _export_png(self, path: Path, picture: Picture) -> None:
        from app.ui.canvas.picture import PNG_SCALE, png

        image = picture.image()
        if not await write_or_tell(self._window, path, await in_thread(png, image)):
            return
        size = f"{image.width():,} × {image.height():,} pixels"
        if picture.image_scale() < PNG_SCALE:
            self._notices.post(
                f"Exported {path.name}, scaled down to {size}. An SVG keeps every detail."
            )
        else:
            self._notices.post(f"Exported {path.name}, {size}.")

    async def print(self) -> None:
        """Print the plan, or what is selected of it, on one page; to a PDF without a printer."""
        from PySide6.QtPrintSupport import QAbstractPrintDialog, QPrintDialog, QPrinter

        from app.ui.canvas.picture import Picture

        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setDocName(self._documents.active.title)
        printer.setPageOrientation(QPageLayout.Orientation.Landscape)
        if not printer.printerName():
            printer.setOutputFileName(str(self._proposed(".pdf")))
        selection = self._canvas.plan_scene.selection()
        dialog = QPrintDialog(printer, self._window)
        options = QAbstractPrintDialog.PrintDialogOption
        dialog.setOption(options.PrintPageRange, False)
        dialog.setOption(options.PrintCollateCopies, False)
        dialog.setOption(options.PrintSelection, bool(selection))
        if await dialogs.finished(dialog) != QDialog.DialogCode.Accepted:
            return
        only_selected = printer.printRange() == QPrinter.PrintRange.Selection and selection
        picture = Picture(self._canvas.plan_scene, selection if only_selected else None)
        if printer.outputFileName():
            await self._print_to(Path(printer.outputFileName()), picture, printer)
        elif _painted(picture, printer):
            self._notices.post(f"Sent to the printer {printer.printerName()}.")
        else:
            await dialogs.tell(
                self._window,
                f"The printer “{printer.printerName()}” did not take the plan.",
                "Check that it is on and connected, or print to a PDF file.",
            )

    async def _print_to(self, path: Path, picture: Picture, printer: QPrinter) -> None:
        """Print to a file of our own first, so that a failure leaves nothing half written."""
        with tempfile.TemporaryDirectory() as folder:
            aside = Path(folder, "plan.pdf")
            printer.setOutputFileName(str(aside))
            content = aside.read_bytes() if _painted(picture, printer) else b""
        if not content:
            await dialogs.tell(
                self._window,
                f"“{path.name}” could not be printed.",
                "There may be no space for temporary files.",
            )
        elif await write_or_tell(self._window, path, content):
            self._notices.post(f"Printed to {path.name}.")

    def _proposed(self, suffix: str) -> Path:
        document = self._documents.active
        folder = Path.home() if document.path is None else document.path.parent
        return folder / f"{document.title}{suffix}"


def _painted(picture: Picture, printer: QPrinter) -> bool:
    """Paint on the printer's one page. Whether it took it."""
    painter = QPainter()
    if not painter.begin(printer):
        return False
    resolution = printer.resolution()
    page = printer.pageLayout().paintRectPixels(resolution).toRectF()
    page.moveTo(0, 0)
    picture.paint_into(painter, page, resolution / _CANVAS_DPI)
    return painter.end()
