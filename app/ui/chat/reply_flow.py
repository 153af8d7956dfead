"""From a prompt to the finished reply: opens the plan, streams, and tells what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.conversations.conversation import Message
from app.engine.errors import EngineDied, EngineError, JobCancelled
from app.engine.messages import Earlier, Event, Generate, Progress, Reply
from app.plan.problem import PlanError
from app.plan.recipe_text import recipe_in
from app.ui.chat.message.view import MessageView
from app.ui.chat.reply_in_progress import ReplyInProgress, Speedometer
from app.ui.chat.reply_request import (
    context_of,
    is_from,
    record_for,
    request_for,
    same_record,
    same_request,
)
from app.ui.chat.transcript import Transcript
from app.ui.state.plan_runner import EXTRA_SLOT, RUN, PlanNotReady
from app.ui.state.services import Services

if TYPE_CHECKING:
    from app.engine.client import EngineState

SCALES_MOVED = "scales changed during the reply, where marked"
REGENERATED = "regenerated with the plan, seed and settings of another reply"
AT_FINAL_SCALES = "at its final scales"
IN_OTHER_BATCHES = "but the conversation was processed in other batches, so it may differ"
RESTART_AND_CONTINUE = "Restart and continue"
EARLIER: Mapping[Earlier, str] = {
    "read_anew": "scales changed: the whole conversation was reprocessed",
    "as_heard": "scales changed: the earlier conversation was not reprocessed",
}


class ReplyFlow(QObject):
    """One reply at a time. Everything that fails becomes a message in the transcript."""

    busy_changed = Signal(bool)
    speed_changed = Signal(float)
    """Tokens a second of the reply that is coming, twice a second."""

    def __init__(self, services: Services, transcript: Transcript) -> None:
        super().__init__(transcript)
        self._engine = services.engine
        self._runner = services.runner
        self._opener = services.opener
        self._reply_settings = services.reply_settings
        self._memory_watch = services.memory_watch
        self._tasks = services.tasks
        self._conversations = services.conversations
        self._transcript = transcript
        self.busy = False
        self._speed = Speedometer()
        self._stopped = False
        self._when_stopped: Callable[[], object] | None = None
        self._engine.state_changed.connect(self._engine_moved)

    def open_plan(self) -> None:
        """Open the plan as the editor shows it."""
        if not self.busy:
            self._begin(self._open())

    def send(self, prompt: str) -> None:
        """Ask the model; the plan is opened first where that is needed."""
        path = self._conversations.current.path
        self._ask(prompt, path[-1].id if path else None)

    def edit(self, id: str, prompt: str) -> None:
        """Ask this in place of an earlier prompt, which stays beside it."""
        self._ask(prompt, self._conversations.current.messages[id].parent)

    def regenerate(self, id: str = "") -> None:
        """Answer anew what this reply answered, or the last prompt; the reply stays beside it."""
        path = self._conversations.current.path
        if self.busy or not path:
            return
        message = self._conversations.current.messages[id] if id else path[-1]
        prompt = message.id if message.role == "user" else message.parent
        if prompt is not None:
            self._transcript.remove_last_errors()
            self._begin(self._answer(prompt))

    def regenerate_same(self, id: str) -> None:
        """Answer the same once more, with exactly the plan, seed and settings of this reply."""
        record = self._conversations.current.messages[id].record
        if not self.busy and record is not None and record.recipe:
            self._transcript.remove_last_errors()
            self._begin(self._answer_same(id))

    def continue_reply(self, id: str) -> None:
        """Continue a reply where it stopped."""
        parent = self._conversations.current.messages[id].parent
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

    def tokens_came(self, n: int, *ids: str) -> None:
        """So many tokens came of these replies: save them soon, and tell how fast they come."""
        self._conversations.autosave(*ids)
        if self._speed.count(n):
            self.speed_changed.emit(self._speed.per_s)

    def _engine_moved(self, state: EngineState) -> None:
        """Say that the engine ended while nobody waited for it."""
        if state.phase == "died" and not self.busy:
            self._show_error(state.detail, died=True)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        self._stopped = False
        self._speed = Speedometer()
        self._set_busy(True)
        self._tasks.start(self._run(work))

    async def _run(self, work: Coroutine[None, None, None]) -> None:
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
        await self._opener.ensure_open()

    def _ask(self, prompt: str, parent: str | None) -> None:
        if self.busy:
            return
        conversation = self._conversations.current
        conversation.system = self._reply_settings.system
        message = conversation.add("user", prompt, parent)
        self._conversations.save((message,))
        self._transcript.show_path(conversation)
        self._begin(self._answer(message.id))

    async def _answer(self, prompt: str, continues: str = "") -> None:
        """Answer a prompt, or continue the reply with the id `continues`."""
        running = await self._opener.ensure_open()
        if self._stopped:
            return
        conversation = self._conversations.current
        conversation.system = self._reply_settings.system
        name, recipe, settings = running.document.name, running.recipe, self._reply_settings.chat
        begun = conversation.messages[continues].text if continues else ""
        opened, files = running.opened, running.files
        record = record_for(name, recipe, opened, files, conversation, settings, begun)
        request = request_for(conversation, prompt, settings, begun)
        request = replace(request, slot=running.document.slot)
        reply = ReplyInProgress(conversation, prompt, record, begun, continues)
        result = await self._stream(request, reply)
        running.has_decoded = True
        self._memory_watch.look_again()  # now that the plan has decoded
        remarks = [EARLIER[result.earlier]] if result.earlier in EARLIER else []
        has_history = bool(begun) or conversation.messages[prompt].parent is not None
        if result.earlier == "read_anew" and not has_history:
            remarks = []  # only the template's first words were
        if reply.moves:
            remarks.append(SCALES_MOVED)
        message = reply.finish(result, " · ".join(remarks), running.recipe.text)
        self._show_whole(reply, message)

    async def _answer_same(self, id: str) -> None:
        """Answer as this reply was made: by its plan, in a context of its own."""
        conversation = self._conversations.current
        prompt, record = conversation.messages[id].parent, conversation.messages[id].record
        assert prompt is not None and record is not None
        try:
            recipe = recipe_in(record.recipe)
        except PlanError as error:
            raise PlanNotReady(f"The plan of that reply cannot be read: {error}") from error
        files = self._runner.files
        if not is_from(record, files) or len(files) < len(record.model_files):
            names = ", ".join(record.model_files) or record.model_name
            raise PlanNotReady(
                f"That reply was made with {names}, which the plan shown does not use. Show a "
                "plan that does, or choose the file with Model > Open model."
            )
        await self._runner.open_extra(recipe, context_of(record))
        try:
            if self._stopped:
                return
            request = same_request(conversation, id, EXTRA_SLOT)
            same = same_record(record, recipe)
            reply = ReplyInProgress(conversation, prompt, same, request.begun)
            result = await self._stream(request, reply)
            remarks = [REGENERATED]
            if record.moves:
                remarks.append(AT_FINAL_SCALES)
            elif result.statistics.order != record.statistics.order:
                remarks.append(IN_OTHER_BATCHES)
            self._show_whole(reply, reply.finish(result, ", ".join(remarks)))
        finally:
            with suppress(EngineError, JobCancelled):  # the engine is gone, and it with it
                await self._runner.close_extra()

    async def _stream(self, request: Generate, reply: ReplyInProgress) -> Reply:
        """What the reply ends with; it is shown as it comes. Raises EngineError, JobCancelled: what
        came until then stays."""
        self._transcript.show_path(self._conversations.current)
        view = self._transcript.view_of(reply.id)
        view.set_footer("Processing the prompt …")

        def on_events(events: Sequence[Event]) -> None:
            is_first = not reply.tokens
            tokens = reply.take(events)
            if tokens:
                if is_first:
                    view.set_footer("")
                view.append("".join(tokens))
                view.show_moves(reply.record.moves)
                self.tokens_came(len(tokens), reply.id)
            elif is_first and isinstance(progress := events[-1], Progress):
                view.set_footer(f"{progress.phase} {progress.fraction:.0%}")

        try:
            result = await self._engine.stream(request, on_events, RUN)
        except (EngineError, JobCancelled):
            self._show_partial(view, reply)
            raise
        assert isinstance(result, Reply)
        return result

    def _show_whole(self, reply: ReplyInProgress, message: Message) -> None:
        view = self._transcript.view_of(reply.id)
        view.finish(reply.text)
        view.show_summary(reply.record.statistics.summary)
        view.show_moves(reply.record.moves)
        view.set_footer(reply.footer)
        self._transcript.show_path(self._conversations.current)
        self._conversations.save((message,))

    def _show_partial(self, view: MessageView, reply: ReplyInProgress) -> None:
        """Store what came of a reply that failed; where nothing did, all is as it was before."""
        if reply.settle():
            view.finish(reply.text)
            view.set_footer(reply.footer)
        self._transcript.show_path(self._conversations.current)
        self._conversations.save()

    def _show_error(self, sentence: str, log: tuple[str, ...] = (), died: bool = False) -> None:
        view = self._transcript.add_error(sentence)
        if log:
            view.add_detail("Engine log", log)
        path = self._conversations.current.path
        last = path[-1] if path else None
        if died and last is not None and last.record is not None and not last.record.has_ended:
            view.add_button(
                RESTART_AND_CONTINUE,
                lambda: self._retry(view, lambda: self.continue_reply(last.id)),
            )
        elif last is not None and last.role == "user":
            words = "Restart" if died else "Try again"
            view.add_button(words, lambda: self._retry(view, self.regenerate))
        elif died:
            view.add_button("Restart", lambda: self._retry(view, self.open_plan))

    def _retry(self, view: MessageView, action: Callable[[], None]) -> None:
        if not self.busy:
            self._transcript.remove(view)
            action()

    def _set_busy(self, busy: bool) -> None:
        self.busy = busy
        self._conversations.set_answering(busy)
        self.busy_changed.emit(busy)
