"""What the shown plan needs of the memory that there is: the figures behind strip and questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.memory.figures import MemoryEstimate
from app.memory.verdict import Verdict, judge

if TYPE_CHECKING:
    from app.memory.changes import Change
    from app.memory.machine import MachineMemory
    from app.ui.state.document import Document


@dataclass(frozen=True, slots=True)
class MemoryFigures:
    """What the plan will take and what there is, all in bytes."""

    estimate: MemoryEstimate
    machine: MachineMemory
    """What is free now, without what the running engine would give back."""
    given_back_bytes: int
    """What the running engine holds and frees before another plan is opened."""
    is_dry_run: bool
    """Whether the engine simulated this very plan; otherwise these are exact sums over the file,
    with compute and process as it last found them."""
    measured_bytes: int | None = None
    """What the engine process holds with this very plan open, where that is known."""
    reserve_bytes: int = 0
    """What is to stay free for other programs."""
    later_sources_bytes: tuple[int, ...] = ()
    """What of the weights belongs to each source behind the first."""
    beside_bytes: int = 0
    """What the other plans that are and stay open take beside this one."""
    n_beside: int = 0
    leaving: tuple[Document, ...] = ()
    """Whose plans have to be closed before this one is opened."""
    changes: tuple[Change, ...] = ()
    """What would help where more is needed than may be taken, the best first."""

    @property
    def total_bytes(self) -> int:
        """What the engine process will hold."""
        return self.estimate.total_bytes + self.beside_bytes

    @property
    def free_bytes(self) -> int:
        """What the plan may take."""
        free_bytes = self.machine.available_bytes + self.given_back_bytes
        return max(0, free_bytes - self.reserve_bytes)

    @property
    def verdict(self) -> Verdict:
        """Whether it fits."""
        return judge(
            self.total_bytes,
            self.machine,
            mapped_bytes=self.estimate.mapped_bytes,
            credit_bytes=self.given_back_bytes,
            reserve_bytes=self.reserve_bytes,
        )
