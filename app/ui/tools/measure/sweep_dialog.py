"""Sweep a fader: one prompt answered at several values of it, in a table."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QSplitter,
    QTextEdit,
)

from app.conversations.conversation import Conversation
from app.engine.errors import EngineError, JobCancelled
from app.engine.messages import Event, GenerateTogether, OfPlan, Open, OpenedPlan
from app.plan import edits
from app.plan.document import Plan
from app.plan.faders import Fader, faders_of
from app.plan.lowering import lower
from app.plan.problem import PlanError, Problem
from app.ui.chat.composer import Composer
from app.ui.chat.reply_in_progress import ReplyInProgress
from app.ui.chat.reply_request import request_for
from app.ui.chat.transcript import SUGGESTIONS
from app.ui.state.document import Document
from app.ui.state.plan_runner import ExtraPlan
from app.ui.state.services import Services
from app.ui.state.slots import new_slot
from app.ui.state.writing import write_or_tell
from app.ui.tools.job_dialog import EngineJobDialog
from app.ui.tools.measure.sweep import HEADERS, Sweep, SweepReply, cells
from app.ui.tools.results_table import ResultsTable
from app.ui.tools.side_by_side.differences import first_difference
from app.ui.tools.side_by_side.plan_choice import NamedRecipe
from app.ui.tools.side_by_side.plan_reply import PlanReply, by_plan
from app.ui.views.inspector.fields import ScaleSpin
from app.ui.widgets import dialogs

SLOT = new_slot()
"""The engine's slot for the plan that is swept."""
MOST_STEPS = 101
_SENTENCE = (
    "Asks one prompt at several values of a fader, with the same seed and settings. The open plan "
    "and its conversation stay as they are."
)
_NO_FADER = "This plan has no fader: add a merge block that the output depends on."
_PATTERN = "CSV (*.csv);;Markdown (*.md);;JSON (*.json)"


@dataclass(frozen=True, slots=True)
class _Run:
    """What the rows of the table are of."""

    document: Document
    fader: Fader
    sweep: Sweep


class SweepDialog(EngineJobDialog):
    """The replies of the last sweep stay in the table for as long as it is open."""

    def __init__(self, services: Services) -> None:
        super().__init__(services, "Sweep a fader")
        self._editor = services.editor
        self._documents = services.documents
        self._model = services.model
        self._reply_settings = services.reply_settings
        self._memory_check = services.memory_check
        self._runner = services.runner
        self._last: _Run | None = None
        self.fader = QComboBox()
        self.fader.setAccessibleName("Fader")
        self.start_at = ScaleSpin("First scale")
        self.end_at = ScaleSpin("Last scale")
        self.end_at.setValue(1.0)
        self.steps = _spin("Replies", 2, MOST_STEPS, 5, " replies")
        self.n_predict = _spin("Tokens of a reply, at most", 1, 100_000, 120, " tokens")
        self.prompt = Composer()
        self.prompt.setPlaceholderText("The prompt for each reply; Enter starts")
        self.prompt.setPlainText(_last_prompt(services.conversations.current) or SUGGESTIONS[0])
        self.prompt.submitted.connect(lambda _text: self._begin())
        self.table = ResultsTable("Replies", HEADERS, HEADERS[3:])
        self.table.setSelectionMode(ResultsTable.SelectionMode.SingleSelection)
        self.table.selectionModel().selectionChanged.connect(self._show_chosen)
        self.reply = QTextEdit()
        self.reply.setReadOnly(True)
        self.reply.setAccessibleName("The chosen reply")
        self.reply.setPlaceholderText("Choose a row to read its whole reply.")
        self.sweep = QPushButton("Sweep")
        self.sweep.setDefault(True)
        self.sweep.clicked.connect(lambda _checked=False: self._begin())
        self.save = QPushButton("Save table …")
        self.save.clicked.connect(lambda _checked=False: self._tasks.start(self._save()))
        self.take = QPushButton("Set the fader to this")
        self.take.setToolTip("Set the plan's fader to the chosen row's scale, as one undo step")
        self.take.clicked.connect(lambda _checked=False: self._take())
        self._arrange()
        self._documents.changed.connect(self._list_faders)
        self._list_faders()

    def choose(self, block_id: str, port: int) -> None:
        """Take this input of a merge, if it can be swept."""
        for n in range(self.fader.count()):
            fader = self.fader.itemData(n)
            if fader is not None and (fader.block_id, fader.port) == (block_id, port):
                self.fader.setCurrentIndex(n)

    def set_running(self, running: bool) -> None:
        super().set_running(running)
        self._enable()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._list_faders()

    def _arrange(self) -> None:
        self.prompt.setMinimumWidth(320)
        values = QHBoxLayout()
        values.setSpacing(8)
        for widget in (self.start_at, QLabel("to"), self.end_at, QLabel("in"), self.steps):
            values.addWidget(widget)
        values.addStretch(1)
        form = QFormLayout()
        form.addRow("Fader", self.fader)
        form.addRow("Scales", values)
        form.addRow("Prompt", self.prompt)
        form.addRow("At most", self.n_predict)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        both = QSplitter(Qt.Orientation.Vertical)
        both.addWidget(self.table)
        both.addWidget(self.reply)
        both.setSizes([220, 120])
        self.lay_out(_SENTENCE, form, both, self.save, self.take, self.sweep)
        self.resize(760, 680)

    def _list_faders(self) -> None:
        """Offer the shown plan's; the chosen one stays chosen while the plan has it."""
        if self.runs:
            return
        chosen = self.fader.currentData()
        self.fader.clear()
        for fader in faders_of(self._editor.plan):
            self.fader.addItem(f"{fader.words} (now {fader.scale:g})", fader)
        if not self.fader.count():
            self.fader.addItem(_NO_FADER, None)
        if chosen is not None:
            self.choose(chosen.block_id, chosen.port)
        self._enable()

    def _enable(self) -> None:
        idle = not self.runs
        can_sweep = self.fader.currentData() is not None
        self.fader.setEnabled(idle and can_sweep)
        self.sweep.setEnabled(idle and can_sweep)
        for widget in (self.start_at, self.end_at, self.steps, self.n_predict, self.prompt):
            widget.setEnabled(idle)
        has_rows = self._last is not None and bool(self._last.sweep.replies)
        self.save.setEnabled(idle and has_rows)
        self.take.setEnabled(idle and has_rows and bool(self.table.selected_rows()))

    def _begin(self) -> None:
        if not self.runs and self.sweep.isEnabled():
            self.start(self._sweep())

    def _scales(self) -> list[float]:
        first, last, n = self.start_at.value(), self.end_at.value(), self.steps.value()
        return [round(first + (last - first) * i / (n - 1), 6) for i in range(n)]

    async def _sweep(self) -> str:
        plan, fader = self._editor.commit(), self.fader.currentData()
        document, files = self._documents.active, self._model.files
        if not self.prompt.toPlainText().strip():
            raise PlanError([Problem("no-prompt", "There is no prompt.", "Write one.")])
        settings = replace(
            self._reply_settings.chat, n_predict=self.n_predict.value(), when_full="stop"
        )
        conversation = Conversation(system=self._reply_settings.system)
        prompt = conversation.add("user", self.prompt.toPlainText().strip(), None)
        plans = [(scale, self._open_at(plan, fader, scale)) for scale in self._scales()]
        if not await self._memory_check.may_open(self, files, [plans[0][1]]):
            raise JobCancelled
        system = conversation.system.messages
        sweep = Sweep(
            plan_name=document.name,
            fader=fader.words,
            prompt=prompt.text,
            system=system[0].content if system else None,
            seed=settings.sampling.seed,
            sampling=asdict(settings.sampling),
            n_predict=settings.n_predict,
            replies=(),
        )
        self._last = _Run(document, fader, sweep)
        self.table.clear()
        self.reply.clear()
        before: list[str] = []
        try:
            for n, (scale, opened) in enumerate(plans):
                named = NamedRecipe(document.name, opened.recipe, files)
                plan_reply = PlanReply(named, conversation, prompt.id, settings)
                generate = request_for(conversation, prompt.id, settings)
                request = GenerateTogether((opened,), generate)
                reply = await self._reply(request, plan_reply, n, len(plans), scale)
                seed = reply.record.statistics.seed
                settings = replace(settings, sampling=replace(settings.sampling, seed=seed))
                self._add(scale, reply, first_difference(reply.tokens, before) if n else None)
                before = reply.tokens
        finally:
            with contextlib.suppress(EngineError, JobCancelled):
                await self._runner.close_extra(SLOT)
        return f"{len(plans)} replies with seed {settings.sampling.seed}."

    def _open_at(self, plan: Plan, fader: Fader, scale: float) -> Open:
        """What to open for a scale. Raises PlanError where the plan cannot have it, or not run."""
        recipe = lower(edits.set_scale(plan, fader.block_id, fader.port, scale)).recipe
        paths = tuple(str(file.path) for file in self._model.files)
        return Open(paths, recipe, self._reply_settings.context, SLOT)

    async def _reply(
        self, request: GenerateTogether, plan_reply: PlanReply, n: int, n_all: int, scale: float
    ) -> ReplyInProgress:
        """A scale's reply. Raises as `run_on`, also when stopped half-way."""

        def on_event(event: Event) -> None:
            if isinstance(event, OfPlan) and isinstance(event.event, OpenedPlan):
                plan = ExtraPlan(request.plans[0], event.event, self._model.files)
                self._runner.add_extra(plan)
            if plan_reply.take(by_plan((event,), 1)[0]) and plan_reply.reply is not None:
                part = (n + len(plan_reply.reply.tokens) / request.generate.n_predict) / n_all
                self.row.show_progress(f"Scale {scale:g}, {n + 1} of {n_all}", part, 0.0, None)

        await self.run_on(request, on_event)
        reply = plan_reply.reply
        assert reply is not None
        if reply.record.statistics.stop_reason == "cancelled":
            raise JobCancelled
        return reply

    def _add(self, scale: float, reply: ReplyInProgress, difference: int | None) -> None:
        assert self._last is not None
        statistics = reply.record.statistics
        row = SweepReply(scale, reply.text, statistics, difference)
        run = self._last
        replies = (*run.sweep.replies, row)
        sweep = replace(run.sweep, seed=statistics.seed, replies=replies)
        self._last = replace(run, sweep=sweep)
        *numbers, text = cells(row, len(replies) - 1)
        self.table.add((*numbers, " ".join(text.split())))
        self.table.setColumnWidth(len(numbers), 0)  # it takes what the others leave, no more

    def _chosen(self) -> SweepReply | None:
        rows = self.table.selected_rows()
        return self._last.sweep.replies[rows[0]] if rows and self._last is not None else None

    def _show_chosen(self) -> None:
        chosen = self._chosen()
        self.reply.setPlainText(chosen.text if chosen is not None else "")
        self._enable()

    def _take(self) -> None:
        """Set the fader of the plan that was swept, where it still has it."""
        run, chosen = self._last, self._chosen()
        if run is None or chosen is None:
            return
        if run.document not in self._documents.all:
            self.row.end(f"“{run.sweep.plan_name}” is closed. Open it again to set its fader.")
            return
        self._documents.show(run.document)
        fader = run.fader
        try:
            plan = self._editor.commit()
            after = edits.set_scale(plan, fader.block_id, fader.port, chosen.scale)
        except PlanError as error:
            self.row.end(f"The fader cannot be set. {error}")
            return
        self._editor.apply("Set scale", after)
        self.row.end(f"{fader.words} is at {chosen.scale:g} now.")

    async def _save(self) -> None:
        assert self._last is not None
        sweep = self._last.sweep
        proposed = Path.home() / "sweep.csv"
        path = await dialogs.ask_save_path(self, "Save table", proposed, _PATTERN)
        if path is None:
            return
        kinds = {".csv": sweep.csv, ".md": sweep.markdown, ".json": sweep.json}
        write = kinds.get(path.suffix.lower())
        if write is None:
            await dialogs.tell(
                self,
                f"“{path.name}” was not written: its extension is not .csv, .md or .json.",
                "Use .csv, .md or .json.",
            )
        elif await write_or_tell(self, path, write().encode("utf-8")):
            self.row.end(f"Saved {path.name}.")


def _spin(name: str, least: int, most: int, value: int, suffix: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setAccessibleName(name)
    spin.setRange(least, most)
    spin.setValue(value)
    spin.setSuffix(suffix)
    return spin


def _last_prompt(conversation: Conversation) -> str:
    return next((m.text for m in reversed(conversation.path) if m.role == "user"), "")
