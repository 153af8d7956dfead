"""From a prompt to the finished reply: opens the plan, streams, and tells what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.conversations.conversation import Made, Message, SystemMessage
from app.conversations.scale_moves import ScaleMove, ScaleMoves
from app.engine.errors import EngineDied, EngineError, JobCancelled
from app.engine.messages import Earlier, Event, Generate, Progress, Reply, ScalesMoved, TextPiece
from app.plan.problem import PlanError
from app.plan.recipe_text import recipe_in
from app.ui.chat.account import INTERRUPTED, account_of
from app.ui.chat.conversations.keeping import Keeping
from app.ui.chat.making import (
    context_of,
    is_over,
    made_at_the_end,
    made_so_far,
    request_again,
    request_for,
)
from app.ui.chat.message.view import MessageView
from app.ui.chat.transcript import Transcript
from app.ui.state.engine_bridge import EngineBridge
from app.ui.state.plan_runner import ASIDE, RUN, PlanNotReady, PlanRunner
from app.ui.state.settings import ChatSettings
from app.ui.state.tasks import Tasks

SCALES_MOVED = "scales moved while it spoke, where marked"
AGAIN = "made again with the plan, seed and settings of another reply"
AGAIN_UNMOVED = "at the scales that it ended with"
AGAIN_OTHERWISE = "but the conversation was read in other pieces, so it may differ"
GO_ON = "Start again and go on"
EARLIER: Mapping[Earlier, str] = {
    "read_anew": "scales changed: the whole conversation was read anew",
    "as_heard": "scales changed: what was said before stays as it was heard",
}


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
        keeping: Keeping,
        transcript: Transcript,
        system: Callable[[], SystemMessage],
        chat: Callable[[], ChatSettings],
        tasks: Tasks,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self._runner = runner
        self._keeping = keeping
        self._transcript = transcript
        self._system = system
        self._chat = chat
        self._tasks = tasks
        self.busy = False
        self._stopped = False
        self._when_stopped: Callable[[], object] | None = None

    def open_plan(self) -> None:
        """Open the plan as the editor shows it."""
        if not self.busy:
            self._begin(self._open())

    def send(self, prompt: str) -> None:
        """Ask the model; the plan is opened first where that is needed."""
        path = self._keeping.conversation.path
        self._ask(prompt, path[-1].id if path else None)

    def edit(self, id: str, prompt: str) -> None:
        """Ask this in place of an earlier prompt, which stays beside it."""
        self._ask(prompt, self._keeping.conversation.messages[id].parent)

    def regenerate(self, id: str = "") -> None:
        """Answer anew what this reply answered, or the last prompt; the reply stays beside it."""
        path = self._keeping.conversation.path
        if self.busy or not path:
            return
        message = self._keeping.conversation.messages[id] if id else path[-1]
        prompt = message.id if message.role == "user" else message.parent
        if prompt is not None:
            self._transcript.remove_last_errors()
            self._begin(self._answer(prompt))

    def again(self, id: str) -> None:
        """Answer the same once more, with exactly the plan, seed and settings of this reply."""
        made = self._keeping.conversation.messages[id].made
        if not self.busy and made is not None and made.recipe:
            self._transcript.remove_last_errors()
            self._begin(self._answer_again(id))

    def go_on(self, id: str) -> None:
        """Let a reply go on where it stopped."""
        parent = self._keeping.conversation.messages[id].parent
        if not self.busy and parent is not None:
            self._transcript.remove_last_errors()
            self._begin(self._answer(parent, id))

    def occupy(self, work: Coroutine[None, None, None]) -> None:
        """Do this in place of a reply: no other comes meanwhile, and Stop stops it."""
        self._begin(work)

    def when_idle(self, do: Callable[[], object]) -> None:
        """Do this now; where a reply is coming, stop it first."""
        if self.busy:
            self._when_stopped = do
            self.stop()
        else:
            do()

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
            do, self._when_stopped = self._when_stopped, None
            if do is not None:
                do()

    async def _open(self) -> None:
        await self._runner.ensure_open()

    def _ask(self, prompt: str, parent: str | None) -> None:
        if self.busy:
            return
        conversation = self._keeping.conversation
        conversation.system = self._system()
        message = conversation.add("user", prompt, parent)
        self._keeping.keep((message,))
        self._transcript.show_path(conversation)
        self._begin(self._answer(message.id))

    async def _answer(self, prompt: str, goes_on: str = "") -> None:
        """Answer a prompt, or let the reply `goes_on` to it go on."""
        running = await self._runner.ensure_open()
        if self._stopped:
            return
        conversation = self._keeping.conversation
        conversation.system = self._system()
        name, recipe, settings = running.document.name, running.recipe, self._chat()
        begun = conversation.messages[goes_on].text if goes_on else ""
        opened, files = running.opened, running.files
        made = made_so_far(name, recipe, opened, files, conversation, settings, begun)
        request = request_for(conversation, prompt, settings, begun)
        request = replace(request, slot=running.document.slot)
        id, made, reply = await self._stream(prompt, request, made, goes_on)
        running.has_decoded = True
        self.replied.emit()
        remarks = [EARLIER[reply.earlier]] if reply.earlier in EARLIER else []
        was_said = bool(begun) or conversation.messages[prompt].parent is not None
        if reply.earlier == "read_anew" and not was_said:
            remarks = []  # only the template's first words were
        if running.recipe != recipe:
            made = replace(made, recipe=running.recipe.text)
        if made.moves:
            remarks.append(SCALES_MOVED)
        self._end(id, begun, reply, replace(made, remark=" · ".join(remarks)))

    async def _answer_again(self, id: str) -> None:
        """Answer as this reply was made: by its plan, in a context of its own."""
        conversation = self._keeping.conversation
        prompt, made = conversation.messages[id].parent, conversation.messages[id].made
        assert prompt is not None and made is not None
        try:
            recipe = recipe_in(made.recipe)
        except PlanError as error:
            raise PlanNotReady(f"The plan of that reply cannot be read: {error}") from error
        files = self._runner.files
        if not is_over(made, files) or len(files) < len(made.model_files):
            names = ", ".join(made.model_files) or made.model_name
            raise PlanNotReady(
                f"That reply came from {names}, which the plan shown does not run on. Show a plan "
                "that does, or open it with Model > Open model."
            )
        await self._runner.open_aside(recipe, context_of(made))
        try:
            if self._stopped:
                return
            request = request_again(conversation, id, ASIDE)
            anew = replace(made, plan_hash=recipe.hash, moves=(), remark="", stop_reason="")
            again, anew, reply = await self._stream(prompt, request, anew)
            remarks = [AGAIN]
            if made.moves:
                remarks.append(AGAIN_UNMOVED)
            elif reply.order != made.order:
                remarks.append(AGAIN_OTHERWISE)
            self._end(again, request.begun, reply, replace(anew, remark=", ".join(remarks)))
        finally:
            with suppress(EngineError, JobCancelled):  # the engine is gone, and it with it
                await self._runner.close_aside()

    async def _stream(
        self, prompt: str, request: Generate, made: Made, goes_on: str = ""
    ) -> tuple[str, Made, Reply]:
        """Have the reply come, a new one or more of the one that goes on: its id, its account so
        far, and how it went."""
        conversation = self._keeping.conversation
        before = conversation.messages[goes_on] if goes_on else None
        id = goes_on or conversation.add("assistant", "", prompt).id
        conversation.write(id, request.begun, made)
        self._transcript.show_path(conversation)
        view = self._transcript.view_of(id)
        view.set_footer("Reading the prompt …")
        speed = Speedometer()
        moves = ScaleMoves(before.made.moves if before is not None and before.made else ())
        has_begun = False

        def on_events(events: Sequence[Event]) -> None:
            nonlocal has_begun, made
            moves_in(events, len(view.text), moves)
            pieces = [event.text for event in events if isinstance(event, TextPiece)]
            if pieces:
                if not has_begun:
                    has_begun = True
                    view.set_footer("")
                view.append("".join(pieces))
                if moves.all:
                    view.show_moves(moves.all)
                    made = replace(made, moves=moves.all)
                conversation.write(id, view.text, made)
                self._keeping.note(id)
                if speed.count(len(pieces)):
                    self.speed_changed.emit(speed.per_s)
            elif not has_begun and isinstance(progress := events[-1], Progress):
                view.set_footer(f"{progress.phase} {progress.fraction:.0%}")

        try:
            reply = await self._engine.stream(request, on_events, RUN)
        except (EngineError, JobCancelled):
            self._keep_partial(view, id, before)
            raise
        assert isinstance(reply, Reply)
        return id, replace(made, moves=moves.all), reply

    def _end(self, id: str, begun: str, reply: Reply, made: Made) -> None:
        """Show and keep the whole reply."""
        conversation = self._keeping.conversation
        made = made_at_the_end(made, reply)
        message = conversation.write(id, begun + reply.text, made)
        view = self._transcript.view_of(id)
        view.finish(message.text)
        view.show_summary(made.summary)
        view.show_moves(made.moves)
        view.set_footer(account_of(made))
        self._transcript.show_path(conversation)
        self._keeping.keep((message,))

    def _keep_partial(self, view: MessageView, id: str, before: Message | None) -> None:
        """Keep what came of a reply that failed; where nothing did, all is as it was before."""
        conversation, text = self._keeping.conversation, view.text
        if text != (before.text if before is not None else ""):
            view.finish(text)
            view.set_footer(INTERRUPTED)
        elif before is not None:
            conversation.write(id, before.text, before.made)
            view.set_footer(account_of(before.made) if before.made is not None else "")
        else:
            conversation.remove(id)
        self._transcript.show_path(conversation)
        self._keeping.keep()

    def _show_error(self, sentence: str, log: tuple[str, ...] = (), died: bool = False) -> None:
        view = self._transcript.add_error(sentence)
        if log:
            view.add_detail("The engine's own words", log)
        path = self._keeping.conversation.path
        last = path[-1] if path else None
        if died and last is not None and last.made is not None and not last.made.stop_reason:
            view.add_button(GO_ON, lambda: self._retry(view, lambda: self.go_on(last.id)))
        elif last is not None and last.role == "user":
            words = "Start again" if died else "Try again"
            view.add_button(words, lambda: self._retry(view, self.regenerate))
        elif died:
            view.add_button("Start again", lambda: self._retry(view, self.open_plan))

    def _retry(self, view: MessageView, action: Callable[[], None]) -> None:
        if not self.busy:
            self._transcript.remove(view)
            action()

    def _set_busy(self, busy: bool) -> None:
        self.busy = busy
        self.busy_changed.emit(busy)


def moves_in(events: Sequence[Event], n_said: int, moves: ScaleMoves) -> None:
    """Take in where scales moved in what was told after so many characters."""
    for event in events:
        if isinstance(event, TextPiece):
            n_said += len(event.text)
        elif isinstance(event, ScalesMoved):
            told = (ScaleMove(n_said, *scale) for scale in event.scales)
            moves.add(told, time.monotonic())


class Speedometer:
    """How fast something comes: `per_s` since the first, worth a look twice a second."""

    def __init__(self) -> None:
        self._n = 0
        self._began: float | None = None
        self._looked = 0.0
        self.per_s = 0.0

    def count(self, n: int) -> bool:
        """Count so many that just came; True when `per_s` is new."""
        now = time.monotonic()
        if self._began is None:
            self._began = self._looked = now
            return False
        self._n += n
        if now - self._looked < 0.5:
            return False
        self._looked = now
        self.per_s = self._n / (now - self._began)
        return True
