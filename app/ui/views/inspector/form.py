"""What the forms of all kinds of block share: the title, what it feeds, its problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.plan import edits, shaping
from app.plan.kinds import links_into
from app.plan.problem import Problem
from app.ui.state.block_kinds import title_of
from app.ui.state.editor import PlanEditor
from app.ui.views.inspector.fields import BlockChoices, block_label, caption, fact
from app.ui.widgets import theme as themes

if TYPE_CHECKING:
    from app.memory.estimate import BlockMemory

MemoryOf = Callable[[str], "BlockMemory | None"]
"""What a block takes in memory, by its id; None while that is not known."""


class BlockForm(QWidget):
    """A form for the block with `block_id`; what is typed becomes edits of the plan."""

    def __init__(self, editor: PlanEditor, kind: str) -> None:
        super().__init__()
        self.editor = editor
        self.block_id = ""
        self._step: object = object()
        self._kind = kind
        self.choices = BlockChoices(self)
        self._heading = QLabel()
        font = self._heading.font()
        font.setBold(True)
        self._heading.setFont(font)
        self.title = QLineEdit()
        self.title.setAccessibleName("Title")
        self.title.editingFinished.connect(self._rename)
        self._wrong = QLabel()
        self._wrong.setWordWrap(True)
        self._wrong.setTextFormat(Qt.TextFormat.PlainText)
        self._feeds = fact()
        self.make_output = QPushButton("Feed the output")
        self.make_output.setToolTip(
            "Feed the model's head with this block instead of the current one."
        )
        self.make_output.clicked.connect(self._connect_output)
        self.muted = QCheckBox("Muted")
        self.muted.setToolTip("The block's input passes through unchanged.")
        self.muted.clicked.connect(self._mute)
        self.collapsed = QCheckBox("Collapsed")
        self.collapsed.setToolTip("The block shows only its title.")
        self.collapsed.clicked.connect(self._collapse)
        states = QHBoxLayout()
        states.setSpacing(12)
        states.addWidget(self.muted)
        states.addWidget(self.collapsed)
        states.addStretch(1)
        self.rows = QFormLayout()
        self.rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.rows.setHorizontalSpacing(12)
        self.rows.setVerticalSpacing(8)
        self.rows.addRow(caption("Title"), self.title)
        self.end_rows = QFormLayout()
        self.end_rows.setHorizontalSpacing(12)
        self.end_rows.setVerticalSpacing(8)
        self.end_rows.addRow(caption("Feeds"), self._feeds)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(12, 8, 12, 8)
        self.body.setSpacing(8)
        self.body.addWidget(self._heading)
        self.body.addWidget(self._wrong)
        self.body.addLayout(self.rows)
        self.fill_body()
        self.body.addLayout(self.end_rows)
        self.body.addLayout(states)
        self.body.addWidget(self.make_output)
        self.body.addStretch(1)

    def fill_body(self) -> None:
        """Put the controls of this kind of block between the title and what it feeds."""

    def show_block(self, block_id: str) -> None:
        """Show this block; typing from now on is a new undo step."""
        if block_id != self.block_id:
            self.block_id = block_id
            self.new_step()
        self.refresh()

    def refresh(self) -> None:
        """Show the block as it is now."""
        block = self.editor.plan.blocks[self.block_id]
        self.choices.follow(self.editor, self.block_id)
        number = self.editor.number(self.block_id)
        self._heading.setText(self._kind if number is None else f"{self._kind} {number}")
        if not (self.title.hasFocus() and self.title.isModified()):
            self.title.setText(block.title)
        self.muted.setChecked(block.muted)
        self.collapsed.setChecked(block.collapsed)
        self.title.setPlaceholderText("" if block.title else title_of(block))
        self._show_problems([p for p in self.editor.problems if p.block_id == self.block_id])
        plan = self.editor.plan
        fed = [block_label(self.editor, i) for i in plan.blocks if self._feeds_block(i)]
        if plan.output == self.block_id:
            fed.append("Output")
        self._feeds.setText(", ".join(fed) or "Nothing")
        self.make_output.setVisible(plan.output != self.block_id)

    def show_memory(self) -> None:
        """Say what the block takes in memory, for a kind that takes any."""

    def new_step(self) -> None:
        """Let what comes next be an undo step of its own."""
        self._step = object()

    @property
    def step(self) -> object:
        """The merge key under which consecutive edits of one control are one undo step."""
        return self._step

    def _feeds_block(self, other_id: str) -> bool:
        return self.block_id in links_into(self.editor.plan.blocks[other_id])

    def _show_problems(self, problems: list[Problem]) -> None:
        theme = themes.current()
        self._wrong.setVisible(bool(problems))
        lines = []
        for problem in problems:
            word = "Error" if problem.severity == "error" else "Note"
            lines.append(f"{word}: {problem.message} {problem.fix}")
        is_error = any(p.severity == "error" for p in problems)
        palette = self._wrong.palette()
        palette.setColor(self._wrong.foregroundRole(), theme.error if is_error else theme.quiet)
        self._wrong.setPalette(palette)
        self._wrong.setText("\n".join(lines))

    def _rename(self) -> None:
        if self.title.isModified() and self.block_id in self.editor.plan.blocks:
            self.title.setModified(False)
            after = edits.rename(self.editor.plan, self.block_id, self.title.text())
            self.editor.apply("Rename block", after)

    def _mute(self, on: bool) -> None:
        after = shaping.set_muted(self.editor.plan, (self.block_id,), on)
        self.editor.apply("Mute block" if on else "Unmute block", after)

    def _collapse(self, on: bool) -> None:
        after = shaping.set_collapsed(self.editor.plan, (self.block_id,), on)
        self.editor.apply("Collapse block" if on else "Expand block", after)

    def _connect_output(self) -> None:
        self.editor.apply(
            "Link to the output", edits.connect_output(self.editor.plan, self.block_id)
        )
