"""A reply once more with exactly its plan, seed and settings, whatever was changed since."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtGui import QAction

from app.conversations.conversation import SystemMode
from app.engine.messages import ClosePlan, Generate, Open, Sampling
from app.ui.state.plan_runner import EXTRA_SLOT
from tests.ui.fake_engine import ORDER
from tests.ui.window.test_chat import kinds, last
from tests.ui.window.test_messages import chat_action, more, texts
from tests.ui.workbench import Bench


def change_everything(bench: Bench) -> None:
    """Other settings, another system message, another plan."""
    chat = bench.window.chat
    chat.sampling.temperature.setValue(1.3)
    chat.sampling.n_predict.setValue(9)
    chat.sampling.n_ctx.setValue(2048)
    bench.choose_system(SystemMode.OWN)
    bench.set_scale(0.9)


def ask_again(bench: Bench) -> None:
    action: QAction = more(last(bench), "Regenerate with the same settings")
    action.trigger()
    bench.wait_idle()


def test_again_is_asked_for_as_the_first_time(bench: Bench) -> None:
    bias = ((" Paris", 2.0),)
    chat = bench.window.services.reply_settings.chat
    bench.window.services.reply_settings.set_chat(
        replace(chat, sampling=Sampling(top_k=7, logit_bias=bias), stop=("END",))
    )
    bench.say("Hi")
    first, opened = bench.engine.asked(Generate)[-1], bench.engine.asked(Open)[-1]
    change_everything(bench)
    ask_again(bench)
    request, again = bench.engine.asked(Generate)[-1], bench.engine.asked(Open)[-1]
    sampling = replace(first.sampling, seed=7)  # the one that the engine drew
    assert request == replace(first, sampling=sampling, slot=EXTRA_SLOT, order=ORDER)
    assert again == replace(opened, slot=EXTRA_SLOT)
    assert bench.engine.asked(ClosePlan) == [ClosePlan(EXTRA_SLOT)]
    assert last(bench).head.variant == "2/2"
    assert "regenerated with the plan, seed and settings" in last(bench).footer
    assert opened.recipe.hash in last(bench).footer
    assert "may differ" not in last(bench).footer
    bench.say("More")
    assert bench.engine.asked(Generate)[-1].slot != EXTRA_SLOT, (
        "the plan of the editor answers again"
    )


def test_again_of_a_reply_that_is_kept_in_the_file(bench: Bench) -> None:
    bench.say("Hi")
    first = bench.engine.asked(Generate)[-1]
    id = bench.window.services.conversations.current.id
    bench.window.chat.conversation_actions.begin()
    opened = bench.window.services.tasks.start(bench.window.services.conversations.open(id))
    bench.qtbot.waitUntil(opened.done)
    chat_action(bench, "Regenerate with the same settings").trigger()
    bench.wait_idle()
    request = bench.engine.asked(Generate)[-1]
    assert request == replace(
        first, sampling=replace(first.sampling, seed=7), slot=EXTRA_SLOT, order=ORDER
    )


def test_again_of_a_reply_that_went_on_goes_on_from_there(bench: Bench) -> None:
    bench.script.hold_after_pieces = 1
    bench.window.chat.flow.send("Hi")
    bench.qtbot.waitUntil(lambda: kinds(bench) == ["user", "reply"] and bool(last(bench).text))
    bench.window.chat.flow.stop()
    bench.wait_idle()
    bench.script.hold_after_pieces = None
    bench.script.pieces = ("went on.",)
    bench.window.chat.flow.continue_reply(last(bench).id)
    bench.wait_idle()
    ask_again(bench)
    assert bench.engine.asked(Generate)[-1].begun == "The capital "
    assert last(bench).text == "The capital went on."


def test_again_over_another_model_is_refused_in_words(bench: Bench) -> None:
    bench.say("Hi")
    conversation = bench.window.services.conversations.current
    reply = conversation.path[-1]
    assert reply.record is not None
    conversation.write(reply.id, reply.text, replace(reply.record, model_files=("other.gguf",)))
    ask_again(bench)
    assert "That reply was made with other.gguf" in last(bench).text
    assert texts(bench)[:2] == ["Hi", "The capital of France is **Paris**."]
    assert all(opening.slot != EXTRA_SLOT for opening in bench.engine.asked(Open))
    conversation.write(reply.id, reply.text, replace(reply.record, recipe="WeightBlock; x"))
    bench.window.chat.flow.regenerate_same(reply.id)
    bench.wait_idle()
    assert "cannot be read" in last(bench).text


def test_a_reply_whose_pieces_are_not_known_may_differ_and_says_so(bench: Bench) -> None:
    bench.say("Hi")
    conversation = bench.window.services.conversations.current
    reply = conversation.path[-1]
    assert reply.record is not None
    statistics = replace(reply.record.statistics, order=())
    record = replace(reply.record, statistics=statistics)
    conversation.write(reply.id, reply.text, record)
    ask_again(bench)
    assert "may differ" in last(bench).footer
