"""One open document: a plan with its undo steps, its file, and where one looked at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtGui import QUndoStack

from app.plan.document import Plan
from app.ui.state.file_versions import Version
from app.ui.state.slots import new_slot

UNTITLED = "Untitled plan"


@dataclass(frozen=True, slots=True)
class ViewState:
    """Where one looks: the point in the middle, how near, and which blocks are selected."""

    centre: tuple[float, float]
    zoom: float
    selected: tuple[str, ...]


@dataclass(eq=False)
class Document:
    """`plan` is as it was when the document was last shown; of the one shown the editor has it.

    `version` is that of its file which the user knows of, None where there is no file.
    """

    plan: Plan
    undo_stack: QUndoStack
    path: Path | None = None
    sample: str | None = None
    version: Version | None = None
    view_state: ViewState | None = None
    is_being_saved: bool = False
    files: dict[str, Path] = field(default_factory=dict)
    """The model files that the names in its plan stand for, as far as they were found."""
    model_paths: tuple[Path, ...] = ()
    """The model files that it was over when it was last shown."""
    slot: int = field(default_factory=new_slot)
    """Where its plan is opened in the engine: a number of its own."""

    @property
    def name(self) -> str:
        """What to call the plan."""
        if self.path is not None:
            return self.path.name
        return self.sample or UNTITLED

    @property
    def title(self) -> str:
        """The name without the file's suffix."""
        return Path(self.name).stem

    @property
    def is_dirty(self) -> bool:
        """Whether closing would lose changes."""
        return not self.undo_stack.isClean()

    @property
    def is_untouched(self) -> bool:
        """Whether nobody would miss it: it has no file, and nothing was done to it."""
        return self.path is None and not self.is_dirty and not self.undo_stack.count()
