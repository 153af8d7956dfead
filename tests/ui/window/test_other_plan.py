"""Asking another plan about a reply: what is asked, and the reply that is read token by token."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QTextCursor
from PySide6.QtWidgets import QApplication, QFileDialog

from app.conversations.scale_moves import ScaleMove
from app.engine.errors import EngineError
from app.engine.measuring.results import (
    LikelyToken,
    PredictedReply,
    PredictedToken,
    Prediction,
)
from app.engine.messages import AskOtherPlan, ChatMessage
from app.plan.lowering import lower
from app.ui.tools.other_plan.dialog import OtherPlanDialog
from app.ui.tools.other_plan.reply_view import ReplyView
from app.ui.tools.other_plan.shades import shade
from app.ui.tools.other_plan.spans import in_one_line, spans_of
from app.ui.tools.other_plan.token_panel import change_words, percent
from app.ui.widgets import theme as themes
from tests.ui.colours import contrast
from tests.ui.hands import CTRL, CTRL_SHIFT, LEFT, move_pointer
from tests.ui.window.test_accessibility import nameless
from tests.ui.window.test_messages import more
from tests.ui.workbench import Bench

SAID = (b"The", b" capital", b"\n", b" \xf0\x9f", b"\x8c\x8a", b" is", b" Paris")
"""A wave is written by two tokens, the first of which begins with a space."""
DIFFERING = (1, 4, 6)


def predicted(at: int, piece: bytes) -> PredictedToken:
    """A token that is likeliest to its plan; to the other one another, where they differ."""
    rest = tuple(LikelyToken(100 + n, f" no {n}".encode(), 0.04 - n / 100) for n in range(4))
    said = LikelyToken(at, piece, 0.8)
    by_plan = Prediction(0.8, 1, (said, *rest))
    if at in DIFFERING:
        other = LikelyToken(50, b" Lyon", 0.6)
        by_other = Prediction(0.004, 31, (other, *rest))
    else:
        by_other = Prediction(0.9, 1, (replace(said, probability=0.9), *rest))
    return PredictedToken(at, piece, by_plan, by_other)


READ = PredictedReply(tuple(predicted(n, p) for n, p in enumerate(SAID)), 0.25, 30)


@pytest.fixture
def asked(bench: Bench) -> Bench:
    """A window in which a reply was given."""
    bench.script.predicted = READ
    bench.script.model_name = bench.window.services.model.files[0].name
    bench.say("What is the capital of France?")
    return bench


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    yield qapp
    themes.show(qapp, themes.light())


def read(bench: Bench) -> OtherPlanDialog:
    """The dialog after the plans were asked."""
    dialog = bench.open_with(OtherPlanDialog, Qt.Key.Key_A, CTRL_SHIFT)
    bench.qtbot.mouseClick(dialog.ask, LEFT)
    bench.qtbot.waitUntil(lambda: not dialog.runs)
    return dialog


def grounds(view: ReplyView) -> list[tuple[str, QColor, bool]]:
    """Each piece of text that has a look of its own: its colour, and whether it is underlined."""
    cursor = QTextCursor(view.document())
    found: list[tuple[str, QColor, bool]] = []
    while not cursor.atEnd():
        cursor.movePosition(
            QTextCursor.MoveOperation.NextCharacter, QTextCursor.MoveMode.KeepAnchor
        )
        form, text = cursor.charFormat(), cursor.selectedText().strip("\u2029")
        look = form.background().color(), form.fontUnderline()
        if found and found[-1][1:] == look:
            found[-1] = (found[-1][0] + text, *look)
        else:
            found.append((text, *look))
        cursor.setPosition(cursor.position())
    return found


def test_the_reply_is_asked_about_with_its_own_plan_and_the_one_shown(asked: Bench) -> None:
    editor = asked.window.services.editor
    before = editor.lowered.recipe
    asked.set_scale(0.9)
    asked.qtbot.waitUntil(lambda: asked.window.services.runner.recipe == editor.lowered.recipe)
    dialog = read(asked)
    request = asked.engine.asked(AskOtherPlan)[-1]
    assert isinstance(request, AskOtherPlan)
    assert (request.recipe, request.other) == (before, editor.lowered.recipe)
    assert request.reply == "The capital of France is **Paris**."
    assert request.messages[-1] == ChatMessage("user", "What is the capital of France?")
    assert [m.role for m in request.messages[:-1]] == ["system"]
    assert request.is_ended
    assert request.settings == asked.window.services.reply_settings.chat.context
    assert dialog.plan.currentText() == "plan.txt, as it replied"
    assert dialog.other.currentText() == "plan.txt, as it is now"
    assert "another top token at 3 of 7 tokens (43%), first at token 2, “␣capital”" in (
        dialog.summary.text()
    )
    assert "0.2500 nats" in dialog.summary.text()
    assert dialog.row.words.text() == "37 tokens were read by both plans."


def test_the_menu_of_an_earlier_reply_asks_about_that_one(asked: Bench) -> None:
    asked.script.pieces = ("Lyon.",)
    asked.say("And then?")
    first = asked.window.chat.transcript.messages[1]
    more(first, "Ask another plan …").trigger()
    dialog = asked.wait_for(OtherPlanDialog)
    assert dialog.view.toPlainText() == first.text == "The capital of France is **Paris**."
    more(first, "Ask another plan …").trigger()
    assert len([d for d in asked.window.findChildren(OtherPlanDialog) if d.isVisible()]) == 1
    question = asked.window.chat.transcript.messages[0]
    assert "Ask another plan …" not in [a.text() for a in question.head.make_menu().actions()]


def test_each_token_has_the_colour_of_its_change(asked: Bench) -> None:
    dialog = read(asked)
    theme = themes.current()
    less = shade(math.log10(0.004 / 0.8), theme)
    more_ = shade(math.log10(0.9 / 0.8), theme)
    wave = shade(math.log10(0.004 / 0.8) + math.log10(0.9 / 0.8), theme)
    assert grounds(dialog.view) == [
        ("The", more_, False),
        (" capital", less, True),
        ("↵", more_, False),
        (" 🌊", wave, True),
        (" is", more_, False),
        (" Paris", less, True),
    ]


def test_colours_follow_the_theme_and_text_reads_well_on_them(
    asked: Bench, app: QApplication
) -> None:
    dialog = read(asked)
    dialog.view.go_to(5)
    light = [colour.name() for _, colour, _ in grounds(dialog.view)]
    themes.show(app, themes.dark())
    asked.qtbot.waitUntil(lambda: [colour.name() for _, colour, _ in grounds(dialog.view)] != light)
    assert dialog.view.current == 5
    for theme in (themes.light(), themes.dark()):
        for change in (-9.0, -0.5, -0.1, 0.0, 0.1, 0.5, 9.0):
            assert contrast(theme.text, shade(change, theme)) >= 4.5


def test_keys_go_from_token_to_token_and_to_where_the_plans_differ(asked: Bench) -> None:
    dialog = read(asked)
    view, keys = dialog.view, asked.qtbot.keyClick
    assert view.current == 1  # the first that differs
    keys(view, Qt.Key.Key_Right)
    assert view.current == 2
    assert dialog.panel.title.text() == "“↵”, token 3 of 7"
    keys(view, Qt.Key.Key_Right, CTRL)
    assert view.current == 4
    assert dialog.panel.title.text() == "“8C 8A”, part of “🌊”, token 5 of 7"
    keys(view, Qt.Key.Key_Right, CTRL)
    assert view.current == 6
    keys(view, Qt.Key.Key_Right, CTRL)
    keys(view, Qt.Key.Key_Right)
    assert view.current == 6
    keys(view, Qt.Key.Key_Up)
    above = view.current
    assert above < 3  # the line above
    keys(view, Qt.Key.Key_Up)
    assert view.current == above
    keys(view, Qt.Key.Key_Down)
    below = view.current
    assert below >= 3
    keys(view, Qt.Key.Key_Down)
    assert view.current == below
    keys(view, Qt.Key.Key_Home)
    assert view.current == 0
    keys(view, Qt.Key.Key_Left)
    assert view.current == 0
    keys(view, Qt.Key.Key_End)
    assert view.current == 6
    keys(view, Qt.Key.Key_Left, CTRL)
    assert view.current == 4
    assert dialog.before.isEnabled() and dialog.after.isEnabled()
    asked.qtbot.mouseClick(dialog.after, LEFT)
    assert view.current == 6
    assert not dialog.after.isEnabled()


def test_the_current_token_is_told_with_both_lists(asked: Bench) -> None:
    dialog = read(asked)
    dialog.view.go_to(6)
    spoken = dialog.view.accessibleDescription()
    assert "“␣Paris”, token 7 of 7" in spoken
    assert "plan.txt, as it replied: 80.0%, rank 1" in spoken
    assert "rank 31. 200 times less likely for the other plan" in spoken
    assert "Likeliest for plan.txt, as it is now: “␣Lyon” 60.0%, “␣no 0” 4.0%" in spoken
    table = dialog.panel.table.model()
    cells = [[table.index(row, column).data() for column in range(4)] for row in range(2)]
    assert cells == [["␣Paris", "80.0%", "␣Lyon", "60.0%"], ["␣no 0", "4.0%", "␣no 0", "4.0%"]]
    bold = Qt.ItemDataRole.FontRole
    assert table.index(0, 0).data(bold).bold()
    assert not table.index(0, 2).data(bold).bold()
    assert nameless(dialog) == []


def test_the_token_under_the_pointer_is_shown_until_the_pointer_leaves(asked: Bench) -> None:
    dialog = read(asked)
    view = dialog.view
    view.go_to(1)
    cursor = QTextCursor(view.document())
    for piece, place in (("Paris", 6), ("is", 5), ("🌊", 3), ("The", 0)):
        found = view.document().find(piece, 0)
        cursor.setPosition(found.selectionStart())
        at = view.cursorRect(cursor).center() + QPoint(3, 0)
        for y in (0, view.cursorRect(cursor).height() // 2 + 2):  # on it, and between the lines
            move_pointer(view.viewport(), at - QPoint(0, y))
            assert f"token {place + 1} of" in dialog.panel.title.text()
        assert view.current == 1
    move_pointer(view.viewport(), QPoint(view.width() - 30, view.height() - 30))
    assert "token 2 of" in dialog.panel.title.text()
    asked.qtbot.mouseClick(view.viewport(), LEFT, pos=at)
    assert view.current == 0


def test_the_same_plan_is_said_to_be_the_same(asked: Bench) -> None:
    dialog = asked.open_with(OtherPlanDialog, Qt.Key.Key_A, CTRL_SHIFT)
    assert "Both are the same plan" in dialog.note.text()
    dialog.close()
    asked.set_scale(0.9)
    dialog = asked.open_with(OtherPlanDialog, Qt.Key.Key_A, CTRL_SHIFT)
    assert dialog.note.isHidden()
    dialog.plan.setCurrentText("plan.txt, as it is now")
    assert "Both are the same plan" in dialog.note.text()


def test_another_open_plan_is_proposed_where_the_one_shown_made_the_reply(asked: Bench) -> None:
    other = asked.folder / "other.txt"
    other.write_text("WeightBlock; 0; 3; 0; -1\nTotalLayers; 3\n")
    shown_before = asked.window.services.documents.active
    task = asked.window.services.tasks.start(asked.window.services.documents.open(other))
    asked.qtbot.waitUntil(task.done)
    asked.window.services.documents.show(shown_before)
    dialog = read(asked)
    assert dialog.other.currentText() == "other.txt"
    request = asked.engine.asked(AskOtherPlan)[-1]
    document = asked.window.services.documents.find(other)
    assert isinstance(request, AskOtherPlan) and document is not None
    assert request.other == lower(document.plan).recipe
    asked.window.services.documents.remove(document)
    assert [dialog.other.itemText(n) for n in range(dialog.other.count())] == [
        "plan.txt, as it is now"
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model_files": ("other.gguf", "pack.gguf")}, "“other.gguf” and “pack.gguf”"),
        ({"model_files": (), "model_name": "Another"}, "than those of the plan shown: “Another”."),
        ({"recipe": ""}, "not known which plan made this reply"),
    ],
)
def test_a_reply_of_an_unknown_plan_is_read_by_two_open_ones(
    asked: Bench, changes: dict[str, str], said: str
) -> None:
    conversations = asked.window.services.conversations
    message = conversations.current.path[-1]
    record = replace(message.record, **changes)
    conversations.current.messages[message.id] = replace(message, record=record)
    dialog = read(asked)
    assert said in dialog.note.text()
    assert [dialog.plan.itemText(n) for n in range(dialog.plan.count())] == ["plan.txt"]
    assert not dialog.summary.isHidden()


def test_it_is_asked_first_where_memory_is_short_for_two_contexts(
    asked: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = asked.window.services.memory_watch.figures_now()
    assert figures is not None
    poor = replace(figures, machine=replace(figures.machine, available_bytes=1))
    monkeypatch.setattr(asked.window.services.memory_watch, "figures_now", lambda: poor)
    dialog = asked.open_with(OtherPlanDialog, Qt.Key.Key_A, CTRL_SHIFT)
    asked.qtbot.mouseClick(dialog.ask, LEFT)
    assert "is free" in asked.answer("Cancel")
    asked.qtbot.waitUntil(lambda: not dialog.runs)
    assert dialog.row.words.text() == "Stopped."
    assert not asked.engine.asked(AskOtherPlan)
    asked.qtbot.mouseClick(dialog.ask, LEFT)
    asked.answer("Load anyway")
    asked.qtbot.waitUntil(lambda: not dialog.runs)
    assert asked.engine.asked(AskOtherPlan)


def test_moved_scales_and_messages_that_left_are_told(asked: Bench) -> None:
    conversations = asked.window.services.conversations
    message = conversations.current.path[-1]
    assert message.record is not None
    statistics = replace(message.record.statistics, n_left_out=1)
    moves = (ScaleMove(3, 3, 0, 0.5, 0.9),)
    record = replace(message.record, moves=moves, statistics=statistics)
    conversations.current.messages[message.id] = replace(message, record=record)
    dialog = asked.open_with(OtherPlanDialog, Qt.Key.Key_A, CTRL_SHIFT)
    assert "scales changed during the reply" in dialog.note.text()
    assert "were dropped from the full context" in dialog.note.text()


def test_what_goes_wrong_is_said_and_asking_can_be_cancelled(asked: Bench) -> None:
    asked.script.predicted = EngineError("It has 5,000 tokens and the context holds 4,096.")
    dialog = read(asked)
    assert dialog.problem.text() == "It has 5,000 tokens and the context holds 4,096."
    assert dialog.summary.isHidden() and not dialog.save.isEnabled()
    asked.script.holds_measuring = True
    asked.qtbot.mouseClick(dialog.ask, LEFT)
    asked.qtbot.waitUntil(lambda: "400 tok/s" in dialog.row.words.text())
    assert not dialog.ask.isEnabled()
    asked.qtbot.mouseClick(dialog.row.cancel, LEFT)
    asked.qtbot.waitUntil(lambda: not dialog.runs)
    assert dialog.row.words.text() == "Stopped."
    assert dialog.problem.isHidden()
    asked.script.holds_measuring = False
    editor = asked.window.services.editor
    editor.apply("Cut", replace(editor.plan, output=None))
    asked.qtbot.mouseClick(dialog.ask, LEFT)
    asked.qtbot.waitUntil(lambda: not dialog.runs)
    assert "No block feeds the output." in dialog.problem.text()


def test_the_table_is_saved_as_csv(asked: Bench, tmp_path: Path) -> None:
    dialog = read(asked)
    asked.qtbot.mouseClick(dialog.save, LEFT)
    asked.qtbot.waitUntil(lambda: bool(dialog.findChildren(QFileDialog)))
    chosen = dialog.findChildren(QFileDialog)[0]
    path = tmp_path / "reply.csv"
    chosen.selectFile(str(path))
    chosen.accept()
    asked.qtbot.waitUntil(path.exists)
    lines = path.read_text("utf-8").splitlines()
    assert lines[0].startswith('Token,Text,"plan.txt, as it replied: probability"')
    assert lines[2].startswith('2,␣capital,0.8,1,"“␣capital” 0.8, “␣no 0” 0.04, ')
    assert len(lines) == 1 + len(SAID)


def test_characters_of_several_tokens_stay_whole() -> None:
    pieces = [b"a", b"\xe2\x82", b"\xac b", b"\xc3", b"\xa4\xf0\x9f", b"\x8c\x8a", b"\xff", b"\xe2"]
    assert [(span.text, span.first, span.end) for span in spans_of(pieces)] == [
        ("a", 0, 1),
        ("€ b", 1, 3),
        ("ä🌊", 3, 6),
        ("\ufffd", 6, 7),
        ("\ufffd", 7, 8),
    ]


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        (b" the ", "␣the␣"),
        (b"  ", "␣␣"),
        (b"\n\n", "↵↵"),
        (b"a b", "a b"),
        (b"\xf0\x9f", "F0 9F"),
        (b"\t\x07", "⇥U+0007"),
        ("日本".encode(), "日本"),
    ],
)
def test_a_token_in_one_line(piece: bytes, words: str) -> None:
    assert in_one_line(piece) == words


def test_numbers_are_said_with_the_digits_that_count() -> None:
    assert [percent(p) for p in (1.0, 0.1234, 0.001, 0.00012, 3e-9)] == [
        *("100.0%", "12.3%", "0.1%", "0.012%", "3e-07%")
    ]
    assert change_words(0.01) == "Equally likely"
    assert change_words(0.301) == "2.0 times likelier for the other plan"
    assert change_words(-3.0) == "1,000 times less likely for the other plan"
