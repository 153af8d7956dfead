"""Markdown in a message: laid out the same however it comes, and reaching neither file nor
network."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage, QTextCursor, QTextTable
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from app.ui.chat.message.text import MessageText
from tests.ui.hands import LEFT

PARTS = (
    "Some **bold** text with `code` and a [link](https://example.org).\nSecond 😀 line.",
    "# A heading\nand text right under it",
    "Steps:\n1. First *thing*\n   - nested\n   - nested too\n\n     ```js\n     let x;\n\n     x\n"
    "     ```\n2. Second\n\n3. Third",
    "- a\n- b\n\n  more of b\n- [ ] c",
    "```python\ndef f():\n    return 1\n\n    # ```\n```",
    "````\n```\nnested\n```\n````",
    "| a | b |\n|---|---|\n| 1 | **2** |",
    "> a quote\n> - in two lines",
    "---",
    "Title\n===\n\n* * *",
    "    indented code\n\n    more of it",
    "A [ref] is used.\n\n[ref]: https://example.org/ref",
    "~~~\nls\n~~~\ntext at once",
    "half a `code and **bold",
    "Here it is:\n| a | b |\n|:--|---|\n| 1 | 2 |",
)


@pytest.fixture
def text(qtbot: QtBot) -> MessageText:
    widget = MessageText()
    qtbot.addWidget(widget)
    widget.resize(400, 100)
    widget.show()
    return widget


@pytest.mark.parametrize("seed", range(12))
def test_streamed_text_looks_as_if_laid_out_at_once(text: MessageText, seed: int) -> None:
    rng = random.Random(seed)
    source = "\n\n".join(rng.choices(PARTS, k=6)).replace("\n\n", rng.choice(["\n\n", "\n\n\n"]))
    source = source[: rng.randrange(len(source) // 2, len(source) + 1)]
    whole = MessageText()
    whole.show_markdown(source)
    shown = 0
    while shown < len(source):
        shown = min(len(source), shown + rng.randint(1, 9))
        text.show_markdown(source[:shown], is_whole=False)
    text.show_markdown(source)
    assert text.document().toHtml() == whole.document().toHtml()
    assert text.toPlainText() == whole.toPlainText()


def test_blocks_are_laid_out_while_they_come(text: MessageText) -> None:
    text.show_markdown("# Head\n\nIt is **bold**, and\n\n- it\n- goes on, **half", is_whole=False)
    lines = text.toPlainText().split("\n")
    assert lines == ["Head", "It is bold, and", "it", "goes on, **half"]
    block = text.document().begin()
    assert block.blockFormat().headingLevel() == 1
    assert text.document().lastBlock().textList() is not None


@pytest.mark.parametrize(
    ("source", "n_rows"),
    [
        ("Here it is:\n| a | b |\n|---|:-:|\n| 1 | 2 |\n| 3 | 4 |", 3),
        ("Here it is:\nIn two lines\na | b\n--|--\n1 | 2\n", 2),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n|---|---|\n", 3),
        ("Here it is:\n| a | b |\n|---|\n| 1 | 2 |", 0),
        ("Here it is: a | b\n---\nText", 0),
    ],
)
def test_a_table_may_stand_right_under_text(text: MessageText, source: str, n_rows: int) -> None:
    for shown in range(1, len(source)):
        text.show_markdown(source[:shown], is_whole=False)
    text.show_markdown(source)
    tables = [f for f in text.document().rootFrame().childFrames() if isinstance(f, QTextTable)]
    assert [table.rows() for table in tables] == [n_rows] * bool(n_rows)
    assert ("Here it is:" in source) == ("Here it is:" in text.toPlainText().split("\n")[0])


def test_finished_blocks_are_not_laid_out_anew(text: MessageText) -> None:
    text.show_markdown("One **two**.\n\nThree", is_whole=False)
    mark = QTextCursor(text.document())
    mark.setPosition(3)
    mark.setPosition(5, QTextCursor.MoveMode.KeepAnchor)
    for end in ("Three f", "Three four.\n\n- a\n- b", "Three four.\n\n- a\n- b\n\n```\nx"):
        text.show_markdown(f"One **two**.\n\n{end}", is_whole=False)
        assert (mark.selectionStart(), mark.selectionEnd()) == (3, 5)
        assert mark.selectedText() == " t"


def test_a_reply_that_goes_on_opens_its_last_block_again(text: MessageText) -> None:
    text.show_markdown("One **two")
    text.show_markdown("One **two** three.", is_whole=False)
    assert text.toPlainText() == "One two three."


def test_images_are_links_and_nothing_is_loaded(text: MessageText, tmp_path: Path) -> None:
    picture = tmp_path / "there.png"
    image = QImage(40, 40, QImage.Format.Format_RGB32)
    assert image.save(str(picture))
    text.show_markdown(f"![the sea]({picture})\n\n<img src='{picture}'>")
    assert text.toPlainText().split("\n") == ["the sea", f"<img src='{picture}'>"]


def test_only_web_links_open(text: MessageText, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    text.show_markdown("[a](https://example.org) [b](file:///etc/passwd) [c](javascript:x)")
    for address in ("file:///etc/passwd", "javascript:x", "smb://host/x", "https://example.org"):
        text.anchorClicked.emit(QUrl(address))
    assert opened == ["https://example.org"]
    assert "a b c" in text.toPlainText(), "nothing was followed in the message itself"


def test_every_block_of_code_has_a_button_that_copies_it(text: MessageText, qtbot: QtBot) -> None:
    text.show_markdown(
        "Do:\n\n```python\nprint(1)\n\nprint(2)\n```\n- or\n\n  ~~~\n  ls\n  ~~~\n\n```\nopen"
    )
    buttons = [b for b in text.findChildren(QToolButton) if not b.isHidden()]
    copied = []
    for button in buttons:
        qtbot.mouseClick(button, LEFT)
        copied.append(QGuiApplication.clipboard().text())
    assert copied == ["print(1)\n\nprint(2)", "ls", "open"]
    assert "python" in buttons[0].accessibleName()
    text.show_markdown("Without code.")
    assert all(b.isHidden() for b in text.findChildren(QToolButton))


def test_code_by_indents_has_one_button_whatever_follows(text: MessageText) -> None:
    text.show_markdown("- list\n\n      indented\n\nWith `code` and more.\n\nAnd `more`.")
    assert len([b for b in text.findChildren(QToolButton) if not b.isHidden()]) == 1
