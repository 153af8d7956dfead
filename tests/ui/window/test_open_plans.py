"""Several plans in the engine, one for each tab: chosen in the chat, closed if memory is short."""

from __future__ import annotations

import os
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app.engine.messages import ClosePlan, Generate, Open, SetScales
from app.memory.figures import MemoryEstimate
from app.plan import edits
from app.ui.chat.message.view import MessageView
from tests.ui.fake_engine import MIB
from tests.ui.window.test_running import merge_id
from tests.ui.workbench import PLAN, Bench

SMALL = MemoryEstimate(1 * MIB, 2 * MIB, 3 * MIB, 4 * MIB)


def choose(bench: Bench, name: str) -> str:
    """Choose a plan from the list in the chat's head; what the list says of it."""
    button = bench.window.chat.plan
    menu = button.menu()
    menu.popup(button.mapToGlobal(button.rect().bottomLeft()))
    action = next(a for a in menu.actions() if a.text().split("\t")[0] == name)
    state = action.text().partition("\t")[2]
    menu.setActiveAction(action)
    bench.qtbot.keyClick(menu, Qt.Key.Key_Return)
    return state


def authors(bench: Bench) -> list[str]:
    path = bench.window.services.conversations.current.path
    return [m.record.plan_name for m in path if m.record is not None]


def replies(bench: Bench) -> list[MessageView]:
    return [v for v in bench.window.chat.transcript.messages if v.kind == "reply"]


def author_of(view: MessageView) -> str:
    return view.head.findChildren(QLabel)[0].text()


def test_the_plan_is_switched_in_mid_conversation(bench: Bench) -> None:
    first = bench.window.services.documents.active
    bench.say("Hi")
    second = bench.open_plan("other.txt")
    bench.say("And you?")
    assert choose(bench, "plan.txt") == "in the engine"
    assert bench.window.services.documents.active is first
    bench.say("Now you again")
    assert authors(bench) == ["plan.txt", "other.txt", "plan.txt"]
    assert [r.slot for r in bench.engine.asked(Open)] == [first.slot, second.slot]
    asked = bench.engine.asked(Generate)
    assert [r.slot for r in asked] == [first.slot, second.slot, first.slot]
    assert len(asked[-1].messages) > len(asked[0].messages)
    assert [author_of(v) for v in replies(bench)] == ["plan.txt", "other.txt", "plan.txt"]


def test_a_variant_comes_from_another_plan(bench: Bench) -> None:
    bench.say("Hi")
    bench.open_plan("other.txt")
    bench.window.chat.flow.regenerate()
    bench.wait_idle()
    conversation = bench.window.services.conversations.current
    variants = conversation.variants(conversation.path[-1].id)
    assert [v.record.plan_name for v in variants] == ["plan.txt", "other.txt"]
    bench.window.chat.conversation_actions.flip_to(variants[0].id)
    assert author_of(replies(bench)[-1]) == "plan.txt"


def test_plans_with_problems_are_said_to_have_them(bench: Bench) -> None:
    other = bench.open_plan("other.txt")
    editor = bench.window.services.editor
    editor.apply("Cut link", edits.disconnect(editor.plan, merge_id(bench), 0))
    assert choose(bench, "plan.txt") == ""
    assert choose(bench, "other.txt") == "has problems"
    assert bench.window.services.documents.active is other


def test_faders_go_to_the_plan_of_their_tab(bench: Bench) -> None:
    bench.say("Hi")
    first = bench.window.services.documents.active
    second = bench.open_plan("other.txt")
    bench.say("Hi")
    bench.set_scale(0.75)
    bench.window.services.documents.show(first)
    bench.set_scale(0.25)
    bench.qtbot.waitUntil(lambda: len(bench.engine.asked(SetScales)) == 2)
    sent = bench.engine.asked(SetScales)
    assert sent == [
        SetScales(((3, 0, 0.75),), second.slot),
        SetScales(((3, 0, 0.25),), first.slot),
    ]


def test_closing_a_tab_closes_its_plan_alone(bench: Bench) -> None:
    bench.say("Hi")
    first = bench.window.services.documents.active
    second = bench.open_plan("other.txt")
    bench.say("Hi")
    bench.window.files.close_plan()
    bench.qtbot.waitUntil(lambda: bool(bench.engine.asked(ClosePlan)))
    assert bench.engine.asked(ClosePlan) == [ClosePlan(second.slot)]
    assert bench.window.services.runner.is_open(first)
    assert not bench.window.services.runner.is_open(second)


def test_the_plan_used_longest_ago_gives_way_where_memory_is_short(bench: Bench) -> None:
    """Everything else in the machine's memory is reserved, but for two small plans."""
    bench.script.estimate = SMALL
    first = bench.window.services.documents.active
    bench.say("Hi")
    second = bench.open_plan("other.txt")
    bench.say("Hi")
    third = bench.open_plan(
        "third.txt", PLAN.replace("WeightBlock; 4; 5; 3", "WeightBlock; 4; 5; 2")
    )
    bench.qtbot.waitUntil(lambda: bench.figures.n_beside == 2)
    both = bench.figures
    assert both.beside_bytes >= 2 * 100 * MIB
    assert "2 other plans" in bench.window.memory.words
    spare = both.free_bytes - SMALL.total_bytes - 150 * MIB
    bench.window.memory._keep_free(spare)
    bench.qtbot.waitUntil(lambda: bench.figures.n_beside == 1)
    assert bench.figures.leaving == (first,)
    assert "closes “plan.txt”" in bench.window.memory.words
    notices: list[str] = []
    bench.window.services.runner.notice.connect(notices.append)
    bench.say("Hi")
    assert bench.engine.asked(ClosePlan) == [ClosePlan(first.slot)]
    assert [bench.window.services.runner.is_open(d) for d in (first, second, third)] == [
        False,
        True,
        True,
    ]
    assert any("“plan.txt”" in words and "memory" in words for words in notices)
    assert choose(bench, "plan.txt") == ""


def test_memory_is_measured_once_all_open_plans_have_decoded(bench: Bench) -> None:
    bench.script.pid = os.getpid()
    memory = bench.window.memory
    bench.say("Hi")
    bench.qtbot.waitUntil(lambda: "measured" in memory.words)
    bench.open_plan("other.txt")
    bench.qtbot.waitUntil(lambda: "measured" not in memory.words)
    bench.window.run()
    bench.wait_idle()
    bench.qtbot.waitUntil(lambda: bench.figures is not None and bench.figures.n_beside == 1)
    assert "measured" not in memory.words
    bench.say("Hi")
    bench.qtbot.waitUntil(lambda: "measured" in memory.words)


def test_a_plan_on_other_files_closes_those_before_and_says_so(bench: Bench) -> None:
    bench.say("Hi")
    first = bench.window.services.documents.active
    copy = bench.folder / "copy.gguf"
    copy.write_bytes(bench.window.services.model.paths[0].read_bytes())
    second = bench.open_plan("other.txt")
    loaded = bench.window.services.tasks.start(bench.window.files.load_model(copy))
    bench.qtbot.waitUntil(loaded.done)
    notices: list[str] = []
    bench.window.services.runner.notice.connect(notices.append)
    bench.say("Hi")
    assert [bench.window.services.runner.is_open(d) for d in (first, second)] == [False, True]
    assert any("“plan.txt”" in words and "other model files" in words for words in notices)


def test_a_settings_change_opens_only_the_plan_that_answers_anew(bench: Bench) -> None:
    bench.say("Hi")
    second = bench.open_plan("other.txt")
    bench.say("Hi")
    reply_settings = bench.window.services.reply_settings
    reply_settings.set_context(replace(reply_settings.context, n_ctx=2048))
    assert not bench.window.services.runner.is_current
    bench.say("Hi")
    assert [r.slot for r in bench.engine.asked(Open)][2:] == [second.slot]
