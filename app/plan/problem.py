"""What can be wrong with a plan: one record a problem, and the error that carries them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "note"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to fix (`severity` "error") or to know ("note": the plan is valid all the same).

    `code` is a stable kebab-case word, `message` says what is wrong and where, `fix` how to fix
    it. `line` counts from 1 in the text read, `block` is the block's number in the file and
    `block_id` its id in the plan; each is None where there is none.
    """

    code: str
    message: str
    fix: str
    severity: Severity = "error"
    line: int | None = None
    block: int | None = None
    block_id: str | None = None


class PlanError(Exception):
    """A plan, or an edit of one, that cannot be accepted; `problems` says why, errors only."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(" ".join(f"{p.message} {p.fix}".strip() for p in self.problems[:3]))


def errors(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems that make a plan invalid, without the notes."""
    return tuple(p for p in problems if p.severity == "error")
