"""What is wrong with a configuration, collected with lines while its values are taken apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Never

from app.model_files.exchange.yaml_text import Value
from app.plan.checks import MAX_PLAN_LAYERS
from app.plan.lines import shown
from app.plan.problem import Problem, Severity
from app.plan.reader import MAX_PROBLEMS

_FORM = (
    "A configuration has the lines “merge_method: passthrough” and “slices:”, and below it “- "
    "sources:” for each slice, with “- model: NAME” and “layer_range: [0, 24]”."
)


class Unreadable(Exception):
    """A part of the configuration that has been complained about."""


@dataclass(slots=True)
class Complaints:
    """Refuses and remarks; each is said once, and so many of either are enough."""

    problems: list[Problem] = field(default_factory=list)

    @property
    def has_enough(self) -> bool:
        """Whether so much was refused that the rest need not be looked at."""
        return self._count("error") >= MAX_PROBLEMS

    def stop(self, line: int, message: str, fix: str) -> Never:
        """Refuse what can't be gone on with. Raises Unreadable."""
        self.refuse(line, message, fix)
        raise Unreadable

    def refuse(self, line: int, message: str, fix: str) -> None:
        """Say what no plan can hold."""
        self._say(line, message, fix, "error")

    def note(self, line: int, message: str, fix: str = "") -> None:
        """Say what the user has to know; the plan is made all the same."""
        self._say(line, message, fix, "note")

    def mapping(self, value: Value, what: str) -> Mapping[str, Value]:
        """The values by name. Raises Unreadable."""
        if not isinstance(value.data, dict):
            self.stop(value.line, f"{what} must be a mapping of names to values.", _FORM)
        return value.data

    def entries(self, value: Value, what: str) -> Sequence[Value]:
        """The items of a list that is neither empty nor longer than a plan. Raises Unreadable."""
        if not isinstance(value.data, list) or not value.data:
            self.stop(value.line, f"{what} must be a list with at least one entry.", _FORM)
        if len(value.data) > MAX_PLAN_LAYERS:
            self.stop(
                value.line,
                f"{what} has {len(value.data):,} entries, but a plan has {MAX_PLAN_LAYERS} layers "
                "at most.",
                "Use fewer.",
            )
        return value.data

    def know(self, mapping: Mapping[str, Value], keys: frozenset[str]) -> None:
        """Remark on the names that mean nothing."""
        for key, value in mapping.items():
            if key not in keys:
                self.note(value.line, f"{shown(key)} is ignored; mergekit ignores it too.")

    def _say(self, line: int, message: str, fix: str, severity: Severity) -> None:
        problem = Problem("mergekit", message, fix, severity, line)
        if problem not in self.problems and self._count(severity) < MAX_PROBLEMS:
            self.problems.append(problem)

    def _count(self, severity: Severity) -> int:
        return sum(problem.severity == severity for problem in self.problems)
