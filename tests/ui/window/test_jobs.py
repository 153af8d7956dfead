"""What the engine has to do: counted on the status line, listed, and cancelled one by one."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from app.engine.errors import JobCancelled
from app.engine.messages import EvaluatePerplexity
from app.plan.recipe import Recipe
from tests.ui.hands import LEFT
from tests.ui.window.test_chat import kinds, last
from tests.ui.workbench import Bench


def cancel_buttons(bench: Bench) -> list[QPushButton]:
    found = bench.window.status.jobs.popup.findChildren(QPushButton)
    return [b for b in found if not b.isHidden()]


def test_jobs_are_listed_and_each_can_be_cancelled(bench: Bench) -> None:
    jobs = bench.window.status.jobs
    assert not jobs.isVisible()
    bench.script.hold_after_pieces = 1
    bench.script.holds_measuring = True
    bench.window.chat.flow.send("Hi")
    bench.qtbot.waitUntil(lambda: kinds(bench) == ["user", "reply"] and bool(last(bench).text))
    request = EvaluatePerplexity(("m.gguf",), Recipe.whole(4), "text")

    async def measure() -> str:
        try:
            await bench.window.services.engine.run(request, asker="test")
        except JobCancelled:
            return "cancelled"
        return "measured"

    waiting = bench.window.services.tasks.start(measure())
    bench.qtbot.waitUntil(lambda: jobs.isVisible() and jobs.text() == "2 jobs …")
    bench.qtbot.mouseClick(jobs, LEFT)
    popup = jobs.popup
    assert popup.isVisible()
    # the prompt was read, so that is no longer told
    assert popup.words == ["Generating (chat) · running", "Measuring perplexity · waiting"]
    first, _ = cancel_buttons(bench)
    assert first.accessibleName() == "Cancel: Generating (chat)"
    bench.qtbot.mouseClick(first, LEFT)
    bench.wait_idle()
    assert "stopped by you" in last(bench).footer
    bench.qtbot.waitUntil(lambda: popup.words == ["Measuring perplexity · measuring, 50%"])
    (second,) = cancel_buttons(bench)
    bench.qtbot.mouseClick(second, LEFT)
    bench.qtbot.waitUntil(waiting.done)
    assert waiting.result() == "cancelled"
    bench.qtbot.waitUntil(lambda: not popup.isVisible() and not jobs.isVisible())


def test_no_empty_list_opens_when_all_ended_just_before(bench: Bench) -> None:
    bench.window.status.jobs.click()
    assert not bench.window.status.jobs.popup.isVisible()


def test_the_list_closes_with_escape(bench: Bench) -> None:
    bench.script.hold_after_pieces = 1
    bench.window.chat.flow.send("Hi")
    jobs = bench.window.status.jobs
    bench.qtbot.waitUntil(jobs.isVisible)
    bench.qtbot.mouseClick(jobs, LEFT)
    bench.qtbot.keyClick(jobs.popup, Qt.Key.Key_Escape)
    assert not jobs.popup.isVisible()
    assert bench.window.chat.flow.busy
    bench.engine.release.set()
    bench.wait_idle()
