"""The statements of a layerBlocks text, read one after the other into blocks and problems."""

from __future__ import annotations

from app.plan.document import LAYER_LIMIT, TOKENS, MergeBlock, MergeInput, WeightBlock
from app.plan.lines import Line, parse_float, parse_int, shown
from app.plan.problem import Problem

FORMS = {
    "WeightBlock": "WeightBlock; START; END; WEIGHT_START; INPUT",
    "MergeBlock": "MergeBlock; BLOCK; SCALE; BLOCK; SCALE",
    "TotalLayers": "TotalLayers; N",
}
"""How each statement is written."""


class StatementReader:
    """Gives a block for each block statement, however broken, so that the numbers stay right.

    What cannot be read is left unlinked or at a default, with a problem in `problems`. Blocks
    get the ids b0, b1, … by their number.
    """

    def __init__(self) -> None:
        self.n_blocks = 0
        self.problems: list[Problem] = []
        self._late_links: list[tuple[int, int, int]] = []
        self._next_start: int | None = 0
        self._total_line: int | None = None
        self._total: int | None = None

    def take(self, line: Line) -> WeightBlock | MergeBlock | None:
        """Understand one statement; a block if it is one."""
        if not line.keyword or line.meant:
            self._unknown(line)
        if line.keyword == "TotalLayers":
            self._total_layers(line)
        if line.keyword not in ("WeightBlock", "MergeBlock"):
            return None
        read = self._weight_block if line.keyword == "WeightBlock" else self._merge_block
        block = read(line, f"b{self.n_blocks}")
        self.n_blocks += 1
        return block

    def finish(self) -> None:
        """Check what only the whole text can tell."""
        for line, block, named in self._late_links:
            self._late_link(line, block, named)
        if self.n_blocks:
            self._check_total()

    def _weight_block(self, line: Line, id_: str) -> WeightBlock:
        n = self.n_blocks
        if len(line.fields) != 4:
            self._field_count(line, "four fields", n)
        names = ("START", "END", "WEIGHT_START", "INPUT")
        start, end, weight_start, source = (
            self._int(line, n, name, at) for at, name in enumerate(names)
        )
        n_layers = 1
        if start is not None and end is not None:
            n_layers = end - start
        if start is not None and self._next_start not in (None, start):
            self._problem(
                "numbering",
                f"Block {n} starts at plan layer {start}, but the layers before it end at "
                f"{self._next_start}.",
                f"Write {self._next_start} as its START and renumber the rest; opening and "
                "saving the file in the editor does this.",
                line.number,
                n,
            )
        self._next_start = end
        if n_layers < 1:
            self._problem(
                "empty-range",
                f"Block {n} has no layers: its END {end} is not above its START {start}.",
                "END is one past the block's last plan layer; write a larger number.",
                line.number,
                n,
            )
            n_layers = 1
        first = weight_start or 0
        if first < 0 or first + n_layers > LAYER_LIMIT:
            self._problem(
                "weight-range",
                f"Block {n} borrows weight layers {first} to {first + n_layers - 1}, which no "
                "model has.",
                "Weight layers are numbered from 0, as in the model file.",
                line.number,
                n,
            )
            first, n_layers = 0, 1
        return WeightBlock(id_, first, n_layers, self._link(line, n, source))

    def _merge_block(self, line: Line, id_: str) -> MergeBlock:
        n = self.n_blocks
        n_fields = len(line.fields)
        if n_fields < 4:
            self._problem(
                "too-few-inputs",
                f"Merge block {n} needs at least two inputs, each a block and a scale.",
                f"Write it as {FORMS['MergeBlock']}.",
                line.number,
                n,
            )
        elif n_fields % 2:
            self._field_count(line, "pairs of fields", n)
        inputs = []
        for at in range(0, n_fields, 2):
            source = self._int(line, n, "BLOCK", at)
            scale = self._scale(line, n, at + 1) if at + 1 < n_fields else 1.0
            inputs.append(MergeInput(self._link(line, n, source), scale))
        while len(inputs) < 2:
            inputs.append(MergeInput(None, 1.0))
        return MergeBlock(id_, tuple(inputs))

    def _total_layers(self, line: Line) -> None:
        if self._total_line is not None:
            self._problem(
                "total-layers",
                f"TotalLayers is in the file twice; the first is line {self._total_line}.",
                "Keep one of the two, as the last line of the file.",
                line.number,
            )
            return
        self._total_line = line.number
        if len(line.fields) != 1:
            self._field_count(line, "one field", None)
        self._total = self._int(line, None, "N", 0)

    def _check_total(self) -> None:
        n_layers = self._next_start
        if self._total_line is None:
            number = "N" if n_layers is None else str(n_layers)
            self._problem(
                "total-layers",
                "The TotalLayers line, with the number of plan layers, is missing.",
                f"Add “TotalLayers; {number}” as the last line.",
            )
        elif None not in (n_layers, self._total) and n_layers != self._total:
            self._problem(
                "total-layers",
                f"TotalLayers says {self._total}, but the last weight block ends at {n_layers}.",
                f"Write “TotalLayers; {n_layers}”.",
                self._total_line,
            )

    def _unknown(self, line: Line) -> None:
        if line.meant:
            fix = f"Write it as {FORMS[line.keyword]}, with “;” between the fields."
        else:
            fix = (
                "A line starts with WeightBlock, MergeBlock or TotalLayers; a comment starts "
                "with #."
            )
        self._problem(
            "unknown-statement", f"{shown(line.statement)} is not a statement.", fix, line.number
        )

    # --- fields ----------------------------------------------------------------------------------

    def _field_count(self, line: Line, wanted: str, block: int | None) -> None:
        self._problem(
            "field-count",
            f"{line.keyword} takes {wanted}, but this line has {len(line.fields)}.",
            f"Write it as {FORMS[line.keyword]}.",
            line.number,
            block,
        )

    def _int(self, line: Line, block: int | None, name: str, at: int) -> int | None:
        if at >= len(line.fields):
            return None
        value = parse_int(line.fields[at])
        if value is None:
            self._problem(
                "bad-number",
                f"{shown(line.fields[at])} is not a whole number, so it cannot be {name}.",
                "Write it in plain digits, such as 20.",
                line.number,
                block,
            )
        return value

    def _scale(self, line: Line, block: int, at: int) -> float:
        text = line.fields[at]
        value = parse_float(text)
        if value is None:
            with_point = text.replace(",", ".")
            example = with_point if parse_float(with_point) is not None else "0.5"
            self._problem(
                "bad-number",
                f"{shown(text)} is not a number, so it cannot be SCALE.",
                f"Write it in plain digits with a decimal point, such as {example}.",
                line.number,
                block,
            )
            return 1.0
        if abs(value) == float("inf"):
            self._problem(
                "scale-not-finite",
                f"The scale {shown(text)} of merge block {block} is not a finite number.",
                "Use a number such as 0.5.",
                line.number,
                block,
            )
            return 1.0
        return value

    def _link(self, line: Line, block: int, source: int | None) -> str | None:
        if source == -1:
            return TOKENS
        if source is not None and 0 <= source < block:
            return f"b{source}"
        if source is not None:
            self._late_links.append((line.number, block, source))
        return None

    def _late_link(self, line: int, block: int, named: int) -> None:
        if 0 <= named < self.n_blocks:
            itself = "itself" if named == block else f"block {named}, which comes later"
            self._problem(
                "later-input",
                f"Block {block} takes its input from {itself}.",
                "Name an earlier block or -1, the token input, or move the lines.",
                line,
                block,
            )
        else:
            self._problem(
                "missing-input",
                f"Block {block} takes its input from block {named}, which does not exist.",
                "Name an earlier block, counted from 0, or -1 for the token input.",
                line,
                block,
            )

    def _problem(
        self, code: str, message: str, fix: str, line: int | None = None, block: int | None = None
    ) -> None:
        id_ = None if block is None else f"b{block}"
        self.problems.append(Problem(code, message, fix, line=line, block=block, block_id=id_))
