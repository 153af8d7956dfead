"""One undo step: the plan before and after, what differs, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

from app.plan.document import Plan


@dataclass(frozen=True, slots=True)
class Change:
    """A step from one plan to another under a label for the user ("Move block")."""

    label: str
    before: Plan
    after: Plan

    @property
    def inverse(self) -> Change:
        """The step back: it restores `before` exactly, order of insertion included."""
        return Change(self.label, self.after, self.before)

    @property
    def added(self) -> tuple[str, ...]:
        """Ids of the blocks that only `after` has."""
        return tuple(i for i in self.after.blocks if i not in self.before.blocks)

    @property
    def removed(self) -> tuple[str, ...]:
        """Ids of the blocks that only `before` has."""
        return tuple(i for i in self.before.blocks if i not in self.after.blocks)

    @property
    def changed(self) -> tuple[str, ...]:
        """Ids of the blocks that both have, but not alike."""
        before = self.before.blocks
        return tuple(i for i, b in self.after.blocks.items() if i in before and before[i] != b)

    def merged_with(self, later: Change) -> Change:
        """Both steps as one. Raises ValueError when `later` does not start where this one ends."""
        if later.before != self.after:
            raise ValueError("Only a change that starts where this one ends can be merged with it.")
        return Change(self.label, self.before, later.after)
