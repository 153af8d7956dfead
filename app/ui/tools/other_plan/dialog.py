"""Which plans read a reply, and what came of it: the coloured reply, and both lists of a token."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.conversations.reply_record import ReplyRecord
from app.engine.errors import JobCancelled
from app.engine.measuring.results import PredictedReply
from app.engine.messages import AskOtherPlan, ChatMessage, Open
from app.fit.measuring import paths_of, require_unchanged
from app.model_files.model_file import ModelFile
from app.plan.lowering import lower
from app.plan.problem import PlanError
from app.plan.recipe import Recipe
from app.plan.recipe_text import recipe_in
from app.ui.chat.reply_request import is_from
from app.ui.state.document import Document
from app.ui.state.services import Services
from app.ui.tools.job_dialog import EngineJobDialog
from app.ui.tools.other_plan.reply_view import ReplyView, differs
from app.ui.tools.other_plan.shades import Legend
from app.ui.tools.other_plan.spans import in_one_line
from app.ui.tools.other_plan.table import table_of
from app.ui.tools.other_plan.token_panel import TokenPanel
from app.ui.widgets.quantity import quantity
from app.ui.widgets.quiet_label import QuietLabel

_SENTENCE = (
    "Both plans read the conversation and this reply once; neither generates. Probabilities are "
    "the plans' own: the softmax at temperature 1, before any sampler."
)
_SAME = "Both are the same plan. Move a fader or open another plan to have something to compare."
_UNKNOWN = "It is not known which plan made this reply, so two of the open plans read it."
_MOVED = "The scales changed during the reply; it is read at the final ones."
_LEFT = "Messages that were dropped from the full context are not read."


@dataclass(frozen=True, slots=True)
class RecordedReply:
    """A reply to ask about, the prompt that it answers, and its record where there is one."""

    text: str
    prompt: tuple[ChatMessage, ...]
    record: ReplyRecord | None


class OtherPlanDialog(EngineJobDialog):
    """Asks when the user has chosen the plans. What came of it stays until the next time."""

    def __init__(self, services: Services, reply: RecordedReply) -> None:
        super().__init__(services, "Ask another plan")
        self._documents = services.documents
        self._model = services.model
        self._reply_settings = services.reply_settings
        self._memory_check = services.memory_check
        self._reply = reply
        self._read: PredictedReply | None = None
        self._names = "", ""
        self.plan = _choice("Plan that made the reply")
        self.other = _choice("Plan to ask")
        self.note = _words()
        self.ask = QPushButton("Ask")
        self.ask.setDefault(True)
        self.ask.clicked.connect(lambda _checked=False: self.start(self._ask()))
        self.save = QPushButton("Save table …")
        self.save.setEnabled(False)
        self.save.clicked.connect(lambda _checked=False: self._save())
        self.summary = _words()
        self.view = ReplyView()
        self.view.show_text(reply.text)
        self.view.looked_at.connect(self._show_token)
        self.panel = TokenPanel()
        self.before = _step("‹ Previous difference", "Ctrl+Left in the reply")
        self.after = _step("Next difference ›", "Ctrl+Right in the reply")
        self.before.clicked.connect(lambda _checked=False: self._go(-1))
        self.after.clicked.connect(lambda _checked=False: self._go(1))
        form = QFormLayout()
        form.addRow("Reply by", self.plan)
        form.addRow("Ask", self.other)
        form.addRow(self.note)
        self.lay_out(_SENTENCE, form, self._results(), self.save, self.ask)
        self.resize(960, 640)
        self.plan.currentIndexChanged.connect(self._show_note)
        self.other.currentIndexChanged.connect(self._show_note)
        self._documents.changed.connect(self.list_plans)
        self._model.changed.connect(self.list_plans)
        self.list_plans()
        self.other.setFocus()

    def set_running(self, running: bool) -> None:
        super().set_running(running)
        for widget in (self.ask, self.plan, self.other):
            widget.setEnabled(not running)

    def _results(self) -> QWidget:
        steps = QHBoxLayout()
        steps.addWidget(self.before)
        steps.addWidget(self.after)
        steps.addStretch(1)
        self._beside = QWidget()
        column = QVBoxLayout(self._beside)
        column.setContentsMargins(12, 0, 0, 0)
        column.addWidget(self.panel)
        column.addLayout(steps)
        column.addStretch(1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self.view)
        split.addWidget(self._beside)
        split.setSizes([520, 400])
        self._legend = QWidget()
        row = QHBoxLayout(self._legend)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(24)
        row.addWidget(Legend(), 3)
        row.addWidget(QuietLabel("Underlined: the other plan has another top token"), 2)
        results = QWidget()
        column = QVBoxLayout(results)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.summary)
        column.addWidget(split, 1)
        column.addWidget(self._legend)
        for widget in (self.summary, self._beside, self._legend):
            widget.hide()
        return results

    def list_plans(self, _change: object = None) -> None:
        """Offer the plans that are open; what is chosen stays chosen while it is."""
        known = self._documents.all
        plans: list[Document | None] = [*([None] if self._record is not None else []), *known]
        plan, other = self.plan.currentData(), self.other.currentData()
        if other not in known:
            other = self._proposed(plans[0])
        for choice, offered, chosen in ((self.plan, plans, plan), (self.other, known, other)):
            choice.blockSignals(True)
            choice.clear()
            for document in offered:
                choice.addItem(self._name_of(document), document)
            choice.setCurrentIndex(offered.index(chosen) if chosen in offered else 0)
            choice.blockSignals(False)
        self._show_note()

    def _name_of(self, document: Document | None) -> str:
        name = self._record.plan_name if self._record is not None else ""
        if document is None:
            return f"{name}, as it replied"
        return f"{name}, as it is now" if document.name == name else document.name

    def _proposed(self, plan: Document | None) -> Document:
        """The plan that is shown, or another where that is the same as this one."""
        shown = self._documents.active
        others = [shown, *(d for d in self._documents.all if d is not shown)]
        return next((d for d in others if not self._are_same(plan, d)), shown)

    @property
    def _record(self) -> ReplyRecord | None:
        """The reply's record, where the model that is open made it."""
        record = self._reply.record
        is_known = record is not None and record.recipe and is_from(record, self._model.files)
        return record if is_known else None

    def _recipe_of(self, document: Document | None) -> Recipe:
        """The recipe of a plan as it is now; without one, of the plan that made the reply."""
        if document is None:
            assert self._record is not None
            return recipe_in(self._record.recipe)
        self._documents.require_shown_files(document)
        return lower(self._documents.plan_of(document)).recipe

    def _are_same(self, plan: Document | None, other: Document | None) -> bool:
        try:
            return self._recipe_of(plan) == self._recipe_of(other)
        except PlanError:
            return False

    def _show_note(self) -> None:
        record = self._reply.record
        notes = []
        if self._record is None:
            names = (record.model_files or (record.model_name,)) if record and record.recipe else ()
            notes.append(
                f"The reply was made with other model files than those of the plan shown: "
                f"{' and '.join(f'“{name}”' for name in names)}. Two of the open plans read it."
                if names
                else _UNKNOWN
            )
        elif self.plan.currentData() is None and self._record.moves:
            notes.append(_MOVED)
        if record is not None and record.statistics.n_left_out:
            notes.append(_LEFT)
        if self._are_same(self.plan.currentData(), self.other.currentData()):
            notes.append(_SAME)
        self.note.setText(" ".join(notes))
        self.note.setVisible(bool(notes))

    async def _ask(self) -> str:
        reply, record, files = self._reply, self._reply.record, self._model.files
        names = self.plan.currentText(), self.other.currentText()
        request = AskOtherPlan(
            paths_of(files),
            self._recipe_of(self.plan.currentData()),
            self._recipe_of(self.other.currentData()),
            reply.prompt,
            reply.text,
            record is not None and record.statistics.stop_reason == "end",
            record.chat_template if record is not None else None,
            self._reply_settings.context,
        )
        if not await self._has_room(files, request):
            raise JobCancelled
        read = await self.run_on(request)
        assert isinstance(read, PredictedReply)
        require_unchanged(files)
        self._show(read, names)
        return f"{read.n_prompt + len(read.tokens):,} tokens were read by both plans."

    async def _has_room(self, files: tuple[ModelFile, ...], request: AskOtherPlan) -> bool:
        """Whether two contexts for what is read fit, as far as is known."""
        record, settings = self._reply.record, request.settings
        if record is not None and record.statistics.n_ctx_used:
            n_ctx = min(settings.n_ctx, record.statistics.n_ctx_used)
            settings = replace(settings, n_ctx=n_ctx)
        coming = [Open(request.model_paths, r, settings) for r in (request.recipe, request.other)]
        return await self._memory_check.may_open(self, files, coming)

    def _show(self, read: PredictedReply, names: tuple[str, str]) -> None:
        self._read, self._names = read, names
        self.panel.set_names(*names)
        self.summary.setText(_summary(read, names[1]))
        for widget in (self.summary, self._beside, self._legend):
            widget.show()
        self.save.setEnabled(True)
        self.view.show_tokens(read.tokens)
        self.view.setFocus()

    def _show_token(self, place: int) -> None:
        assert self._read is not None
        tokens = self._read.tokens
        whole = self.view.whole(place)
        words = self.panel.show_token(tokens[place], place, len(tokens), whole)
        if place == self.view.current:
            self.view.describe(words)
            self.before.setEnabled(self.view.neighbour_that_differs(-1) is not None)
            self.after.setEnabled(self.view.neighbour_that_differs(1) is not None)

    def _go(self, step: int) -> None:
        place = self.view.neighbour_that_differs(step)
        if place is not None:
            self.view.go_to(place)

    def _save(self) -> None:
        assert self._read is not None
        table = table_of(self._read.tokens, self._names)
        self._tasks.start(self.save_table(table, "reply.csv"))


def _summary(read: PredictedReply, other: str) -> str:
    """How far the plans are from each other, in words."""
    n = len(read.tokens)
    differing = [place for place, token in enumerate(read.tokens) if differs(token)]
    kl = f"Mean KL divergence {read.kl:.4f} nats."
    if not differing:
        return f"“{other}” has the same top token at all {quantity(n, 'token')}. {kl}"
    first = differing[0]
    return (
        f"“{other}” has another top token at {len(differing):,} of {quantity(n, 'token')} "
        f"({len(differing) / n:.0%}), first at token {first + 1:,}, "
        f"“{in_one_line(read.tokens[first].piece)}”. {kl}"
    )


def _choice(name: str) -> QComboBox:
    choice = QComboBox()
    choice.setAccessibleName(name)
    return choice


def _words() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _step(words: str, tip: str) -> QPushButton:
    button = QPushButton(words)
    button.setAutoDefault(False)
    button.setToolTip(tip)
    return button
