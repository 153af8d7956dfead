"""A line that says a block, while its kind reads it: numbers out of fields, and what is wrong."""

from __future__ import annotations

from app.plan.document import LAYER_LIMIT, TOKENS
from app.plan.lines import Line, parse_float, parse_int, shown
from app.plan.problem import Problem


class Statement:
    """The fields of one line. What cannot be read is None or a default, with a problem.

    Blocks have the ids b0, b1, … by their number in the file. `next_start` is the plan layer that
    the block has to start at, and after reading the one that the next block has to; None while
    that is not known. `late_links` are the numbers named that no earlier block has.
    """

    def __init__(
        self, line: Line, number: int, title: str, form: str, next_start: int | None
    ) -> None:
        self.line = line
        self.number = number
        self.id = f"b{number}"
        self.fields = line.fields
        self.next_start = next_start
        self.problems: list[Problem] = []
        self.late_links: list[int] = []
        self._title = title
        self._form = form

    def problem(self, code: str, message: str, fix: str) -> None:
        """Say that something is wrong with the line."""
        self.problems.append(
            Problem(code, message, fix, line=self.line.number, block=self.number, block_id=self.id)
        )

    def wrong_field_count(self, expectation: str) -> None:
        """Say that the line has too few or too many fields."""
        self.problem(
            "field-count",
            f"{self.line.keyword} takes {expectation}, but this line has {len(self.fields)}.",
            f"Write it as {self._form}.",
        )

    def whole_number(self, name: str, at: int) -> int | None:
        """The whole number in a field, None where there is none."""
        if at >= len(self.fields):
            return None
        value = parse_int(self.fields[at])
        if value is None:
            self.problem(
                "bad-number",
                f"{shown(self.fields[at])} is not a whole number, so it cannot be {name}.",
                "Write it in plain digits, such as 20.",
            )
        return value

    def scale(self, at: int) -> float:
        """The finite number in a field, 1 where there is none."""
        if at >= len(self.fields):
            return 1.0
        text = self.fields[at]
        value = parse_float(text)
        if value is None:
            with_point = text.replace(",", ".")
            example = with_point if parse_float(with_point) is not None else "0.5"
            self.problem(
                "bad-number",
                f"{shown(text)} is not a number, so it cannot be SCALE.",
                f"Write it in plain digits with a decimal point, such as {example}.",
            )
            return 1.0
        if abs(value) == float("inf"):
            self.problem(
                "scale-not-finite",
                f"The scale {shown(text)} of {self._title.lower()} {self.number} is not a finite "
                "number.",
                "Use a number such as 0.5.",
            )
            return 1.0
        return value

    def link(self, source: int | None) -> str | None:
        """The id of the block of this number, None unless it is an earlier one or -1."""
        if source == -1:
            return TOKENS
        if source is not None and 0 <= source < self.number:
            return f"b{source}"
        if source is not None:
            self.late_links.append(source)
        return None

    def layers(
        self, start: int | None, end: int | None, weight_start: int | None
    ) -> tuple[int, int]:
        """The first weight layer and how many there are of a block on the plan layers
        `[start, end)`, which go on where those before it end."""
        n = self.number
        n_layers = 1
        if start is not None and end is not None:
            n_layers = end - start
        if start is not None and self.next_start not in (None, start):
            self.problem(
                "numbering",
                f"Block {n} starts at plan layer {start}, but the layers before it end at "
                f"{self.next_start}.",
                f"Write {self.next_start} as its START and renumber the rest; opening and "
                "saving the file in the editor does this.",
            )
        self.next_start = end
        if n_layers < 1:
            self.problem(
                "empty-range",
                f"Block {n} has no layers: its END {end} is not above its START {start}.",
                "END is one past the block's last plan layer; write a larger number.",
            )
            n_layers = 1
        first = weight_start or 0
        if first < 0 or first + n_layers > LAYER_LIMIT:
            self.problem(
                "weight-range",
                f"Block {n} borrows weight layers {first} to {first + n_layers - 1}, which no "
                "model has.",
                "Weight layers are numbered from 0, as in the model file.",
            )
            first, n_layers = 0, 1
        return first, n_layers
