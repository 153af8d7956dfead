"""Exporting and printing from the menu, through the dialogs, to files."""

from __future__ import annotations

import os

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from PySide6.QtPrintSupport import QPrintDialog
from PySide6.QtWidgets import QFileDialog

from app.plan import files
from tests.ui.hands import choose
from tests.ui.workbench import Bench


def status(bench: Bench) -> str:
    return bench.window.status.currentMessage()


def test_a_plan_is_exported_as_svg_and_as_png(bench: Bench) -> None:
    svg, image = bench.folder / "a.svg", bench.folder / "a.png"
    choose(bench.menu("File"), "Export picture …")
    bench.pick(svg)
    bench.qtbot.waitUntil(lambda: "a.svg" in status(bench))
    assert "<title>plan</title>" in svg.read_text()
    choose(bench.menu("File"), "Export picture …")
    bench.pick(image)
    bench.qtbot.waitUntil(lambda: "a.png" in status(bench))
    size = QImage(str(image)).size()
    assert size.width() > 1000
    assert f"{size.width():,} × {size.height():,} pixels" in status(bench)


def test_the_chosen_kind_gives_the_name_its_ending(bench: Bench) -> None:
    choose(bench.menu("File"), "Export picture …")
    bench.pick(bench.folder / "bare", kind="PNG picture (*.png)")
    bench.qtbot.waitUntil(lambda: "bare.png" in status(bench))
    assert QImage(str(bench.folder / "bare.png")).size() != QSize()


def test_only_what_is_selected_is_exported_on_demand(bench: Bench) -> None:
    canvas = bench.window.canvas
    canvas.plan_scene.select(
        canvas.editor.plan.blocks.keys() & {next(iter(canvas.editor.plan.blocks))}
    )
    for words, has_output in (("Selection", False), ("Whole plan", True)):
        path = bench.folder / f"{words}.svg"
        choose(bench.menu("File"), "Export picture …")
        bench.answer(words)
        bench.pick(path)
        bench.qtbot.waitUntil(lambda path=path: path.name in status(bench))
        assert (">Output" in path.read_text()) == has_output
    choose(bench.menu("File"), "Export picture …")
    bench.answer("Cancel")
    assert [d for d in bench.window.findChildren(QFileDialog) if d.isVisible()] == []


def test_another_ending_is_refused_in_words(bench: Bench) -> None:
    choose(bench.menu("File"), "Export picture …")
    bench.pick(bench.folder / "a.jpg")
    said = bench.answer("OK")
    assert "“a.jpg” was not written" in said
    assert ".png" in said
    assert not (bench.folder / "a.jpg").exists()


def test_a_folder_that_cannot_be_written_leaves_nothing_and_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_from: object, _to: object) -> None:
        raise OSError(28, "No space left on device")

    path = bench.folder / "a.svg"
    path.write_text("old")
    choose(bench.menu("File"), "Export picture …")
    monkeypatch.setattr(os, "replace", full)
    bench.pick(path)
    said = bench.answer("OK")
    assert "“a.svg” could not be saved. The system says: No space left on device." in said
    assert path.read_text() == "old"
    assert sorted(p.name for p in bench.folder.glob("*svg*")) == ["a.svg"]


def print_dialog(bench: Bench) -> QPrintDialog:
    """The print dialog, opened from the menu and waited for."""
    choose(bench.menu("File"), "Print …")
    return bench.wait_for(QPrintDialog)


def test_a_plan_is_printed_to_a_pdf_where_there_is_no_printer(bench: Bench) -> None:
    dialog = print_dialog(bench)
    path = bench.folder / "plan.pdf"
    assert dialog.printer().outputFileName() == str(path)
    dialog.accept()
    bench.qtbot.waitUntil(lambda: "plan.pdf" in status(bench))
    content = path.read_bytes()
    assert content.startswith(b"%PDF")
    assert len(content) > 5000
    assert content.count(b"/Type /Page\n") == 1


def test_a_pdf_that_cannot_be_written_leaves_nothing_and_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: object, _data: object) -> None:
        raise PermissionError(13, "Permission denied")

    dialog = print_dialog(bench)
    monkeypatch.setattr(files, "save_bytes", refuse)
    dialog.accept()
    said = bench.answer("OK")
    assert "“plan.pdf” could not be saved. The system says: Permission denied." in said
    assert list(bench.folder.glob("*.pdf")) == []
