"""Code in the chat: in the colours of its language, while it streams and once it is laid out."""

from __future__ import annotations

from PySide6.QtGui import QColor, QTextBlock
from PySide6.QtWidgets import QApplication

from app.ui.chat.message.code_colours import spans_of
from app.ui.chat.message.view import MessageView
from app.ui.widgets import theme
from tests.ui.colours import contrast
from tests.ui.window.test_chat import last
from tests.ui.workbench import Bench

REPLY = "Like so:\n\n```python\ndef f(x):\n    return 'a' + x\n```\n\nThat is *all*."


def line(view: MessageView, begin: str) -> QTextBlock:
    block = view.body.document().begin()
    while not block.text().strip().startswith(begin):
        block = block.next()
        assert block.isValid(), begin
    return block


def colours_of(view: MessageView, begin: str) -> dict[str, str]:
    """The parts of a line that have a colour of their own."""
    block = line(view, begin)
    return {
        block.text()[part.start : part.start + part.length]: part.format.foreground().color().name()
        for part in block.layout().formats()
    }


def is_fixed(block: QTextBlock) -> bool:
    return bool(block.begin().fragment().charFormat().fontFixedPitch())


def in_colours(bench: Bench, view: MessageView, begin: str) -> dict[str, str]:
    bench.qtbot.waitUntil(lambda: bool(colours_of(view, begin)))
    return colours_of(view, begin)


def test_code_is_coloured_once_the_reply_is_whole(bench: Bench) -> None:
    bench.script.pieces = (REPLY,)
    bench.say("Code?")
    view = last(bench)
    parts = in_colours(bench, view, "return")
    assert {"return", "'a'"} <= set(parts)
    assert parts["return"] != parts["'a'"]
    assert not colours_of(view, "That is")


def test_closed_code_is_coloured_while_the_rest_streams(bench: Bench) -> None:
    bench.script.pieces = tuple(REPLY)
    bench.script.hold_after_pieces = len(REPLY) - 2
    bench.qtbot.keyClicks(bench.window.chat.composer, "Code?")
    bench.window.chat.composer.submit()
    bench.qtbot.waitUntil(lambda: bench.window.chat.transcript.last("reply") is not None)
    view = last(bench)
    assert "return" in in_colours_when_there(bench, view)
    assert "```" not in view.body.toPlainText()
    assert is_fixed(line(view, "def"))
    assert not is_fixed(line(view, "Like")) and not is_fixed(line(view, "That"))
    bench.engine.release.set()
    bench.wait_idle()
    assert "return" in in_colours(bench, view, "return")


def in_colours_when_there(bench: Bench, view: MessageView) -> dict[str, str]:
    bench.qtbot.waitUntil(lambda: "That is" in view.body.toPlainText())
    return in_colours(bench, view, "return")


def test_a_language_that_nobody_knows_stays_plain(bench: Bench) -> None:
    bench.script.pieces = ("```klingon\nqapla' = 1\n```\n\n```python\nx = 1\n```",)
    bench.say("Code?")
    in_colours(bench, last(bench), "x")
    assert not colours_of(last(bench), "qapla'")


def test_the_colours_follow_the_theme(bench: Bench, qapp: QApplication) -> None:
    bench.script.pieces = (REPLY,)
    bench.say("Code?")
    view = last(bench)
    light = in_colours(bench, view, "def")
    try:
        theme.show(qapp, theme.dark())
        bench.qtbot.waitUntil(lambda: colours_of(view, "def") != light)
    finally:
        theme.show(qapp, theme.light())
    bench.qtbot.waitUntil(lambda: colours_of(view, "def") == light)


def test_every_colour_can_be_read_on_its_ground() -> None:
    code = (
        '# why\nimport os\n@x\nclass A(B):\n    def f(self): return f"a{1}" + os.x != 31 or None\n'
    )
    for shown in (theme.light(), theme.dark()):
        looks = {p.look[0] for parts in spans_of(code, "python", shown.dark) for p in parts}
        found = {look: contrast(QColor(f"#{look}"), shown.window) for look in looks if look}
        assert len(found) > 4
        assert min(found.values()) > 3.8, found


def test_places_count_as_qt_counts_them() -> None:
    ((word, *_),) = [p for p in spans_of("'😀' if 1 else 2", "python", False) if p]
    assert (word.start, word.length) == (0, 4)
