"""From a prompt to the finished reply: opens the plan, streams, and tells what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine

from PySide6.QtCore import QObject, Signal

from app.engine.errors import EngineDied, EngineError, JobCancelled
from app.engine.messages import Generate, OpenedPlan, Progress, Reply, TextPiece
from app.ui.chat.conversation import Conversation, Exchange, SystemMessage
from app.ui.chat.message_view import MessageView
from app.ui.chat.transcript import Transcript
from app.ui.engine_bridge import EngineBridge
from app.ui.plan_runner import RUN, PlanNotReady, PlanRunner
from app.ui.settings import ChatSettings
from app.ui.tasks import Tasks

STOP_WORDS = {
    "end": "the model ended its reply",
    "stop_string": "stopped at a stop string",
    "length": "stopped at the token limit",
    "context_full": "stopped because the context is full",
    "cancelled": "stopped by you",
}

SCALES_MOVED = "scales moved while it spoke: new ones count from the next token on"
READ_ANEW = "scales changed: the whole conversation was read anew"


class ReplyFlow(QObject):
    """One reply at a time. Everything that fails becomes a message in the transcript."""

    busy_changed = Signal(bool)
    replied = Signal()
    """A reply is finished, so the open plan has decoded."""
    speed_changed = Signal(float)
    """Tokens a second of the reply that is coming, twice a second."""

    def __init__(
        self,
        engine: EngineBridge,
        runner: PlanRunner,
        transcript: Transcript,
        system: Callable[[], SystemMessage],
        chat: Callable[[], ChatSettings],
        tasks: Tasks,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self._runner = runner
        self._transcript = transcript
        self._system = system
        self._chat = chat
        self._tasks = tasks
        self.conversation = Conversation()
        self.busy = False
        self._last: tuple[OpenedPlan, str] | None = None
        self._stopped = False
        self._clear_when_stopped = False

    def open_plan(self) -> None:
        """Open the plan as the editor shows it."""
        if not self.busy:
            self._begin(self._open())

    def send(self, prompt: str) -> None:
        """Ask the model; the plan is opened first where that is needed."""
        if self.busy:
            return
        self._transcript.add("You", "user", prompt)
        self._begin(self._answer(self.conversation.ask(prompt)))

    def regenerate(self) -> None:
        """Answer the last prompt anew."""
        if self.busy:
            return
        exchange = self.conversation.reopen_last()
        if exchange is not None:
            self._transcript.remove_after_last_prompt()
            self._begin(self._answer(exchange))

    def clear(self) -> None:
        """Begin a new conversation; a reply that is on its way is stopped first."""
        if self.busy:
            self._clear_when_stopped = True
            self.stop()
            return
        self.conversation.clear()
        self._transcript.clear()

    def stop(self) -> None:
        """Ask what is running to stop; a reply so far stays."""
        if self.busy:
            self._stopped = True
            self._engine.cancel(RUN)

    def show_death(self, sentence: str, log: tuple[str, ...] = ()) -> None:
        """Say that the engine ended while nobody waited for it."""
        if not self.busy:
            self._show_error(sentence, log, died=True)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        self._stopped = False
        self._set_busy(True)
        self._tasks.start(self._guarded(work))

    async def _guarded(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except JobCancelled:
            pass
        except PlanNotReady as error:
            self._show_error(str(error))
        except EngineDied as error:
            self._show_error(str(error), error.log, died=True)
        except EngineError as error:
            self._show_error(str(error), error.log)
        finally:
            self._set_busy(False)
            if self._clear_when_stopped:
                self._clear_when_stopped = False
                self.clear()

    async def _open(self) -> None:
        await self._runner.ensure_open()

    async def _answer(self, exchange: Exchange) -> None:
        opened = await self._runner.ensure_open()
        if self._stopped:
            return
        name = self._runner.plan_name
        view = self._transcript.add(name, "reply")
        view.set_footer("Reading the prompt …")
        speed = Speedometer()

        def on_event(event: Progress | TextPiece) -> None:
            if isinstance(event, TextPiece):
                if not view.text:
                    view.set_footer("")
                view.append(event.text)
                if speed.count_one():
                    self.speed_changed.emit(speed.per_s)
            elif not view.text:
                view.set_footer(f"{event.phase} {event.fraction:.0%}")

        recipe = self._runner.recipe
        settings = self._chat()
        request = Generate(
            messages=self.conversation.messages(self._system()),
            n_predict=settings.n_predict,
            sampling=settings.sampling,
            stop=settings.stop,
        )
        try:
            reply = await self._engine.run(request, on_event, RUN)
        except (EngineError, JobCancelled):
            self._keep_partial(view, exchange)
            raise
        assert isinstance(reply, Reply)
        self.replied.emit()
        exchange.answer = reply.text
        view.finish(reply.text)
        summary = [reply_summary(reply, opened.n_ctx, name)]
        if self._runner.opened is opened and self._runner.recipe != recipe:
            summary.append(SCALES_MOVED)
        elif self._last and self._last[0] is opened and self._last[1] != reply.plan_hash:
            summary.append(READ_ANEW)
        self._last = opened, reply.plan_hash
        view.set_footer(" · ".join(summary))
        if not reply.text.strip():
            view.set_plain("(no text)")

    def _keep_partial(self, view: MessageView, exchange: Exchange) -> None:
        text = view.text
        if not text:
            self._transcript.remove(view)
            return
        exchange.answer = text
        view.finish(text)
        view.set_footer("Interrupted: the reply ends here because the engine stopped.")

    def _show_error(self, sentence: str, log: tuple[str, ...] = (), died: bool = False) -> None:
        view = self._transcript.add("This did not work", "error", sentence)
        if log:
            view.add_detail("The engine's own words", log)
        if died:
            view.add_button("Start again", lambda: self._retry(view, self.open_plan))
        elif self.conversation.exchanges and self.conversation.exchanges[-1].answer is None:
            view.add_button("Try again", self.regenerate)

    def _retry(self, view: MessageView, action: Callable[[], None]) -> None:
        if not self.busy:
            self._transcript.remove(view)
            action()

    def _set_busy(self, busy: bool) -> None:
        self.busy = busy
        self.busy_changed.emit(busy)


class Speedometer:
    """How fast something comes: `per_s` since the first, worth a look twice a second."""

    def __init__(self) -> None:
        self._n = 0
        self._began = self._looked = 0.0
        self.per_s = 0.0

    def count_one(self) -> bool:
        """Count one; True when `per_s` is new."""
        now = time.monotonic()
        if not self._n:
            self._began = self._looked = now
        self._n += 1
        if now - self._looked < 0.5:
            return False
        self._looked = now
        self.per_s = (self._n - 1) / (now - self._began)
        return True


def reply_summary(reply: Reply, n_ctx: int, plan_name: str) -> str:
    """How a reply went, in one line of words and numbers."""
    tokens = "1 token" if reply.n_generated == 1 else f"{reply.n_generated} tokens"
    parts = [f"{tokens}, {reply.tokens_per_s:.0f} tok/s" if reply.tokens_per_s else tokens]
    prompt = f"prompt {reply.n_prompt}"
    if reply.n_prompt_evaluated < reply.n_prompt:
        prompt += f" ({reply.n_prompt_evaluated} new)"
    if reply.prompt_tokens_per_s:
        prompt += f", {reply.prompt_tokens_per_s:.0f} tok/s"
    parts += [
        prompt,
        f"context {reply.n_ctx_used} of {n_ctx}",
        STOP_WORDS[reply.stop_reason],
        f"seed {reply.seed}",
        f"{plan_name} {reply.plan_hash[:12]}",
    ]
    return " · ".join(parts)
