"""Reads layerBlocks text: the plan as far as it can be told, and all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from app.plan import extra_data
from app.plan.checks import check_numbered
from app.plan.document import LAYER_LIMIT, TOKENS, Block, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.extra_data import MARK, Json
from app.plan.lines import Line, parse_float, parse_int, shown, split_lines
from app.plan.ordering import blocks_on_cycles
from app.plan.problem import Problem, Severity

MAX_PROBLEMS = 100
"""Past this many, one last problem says how many more there are."""

_FORMS = {
    "WeightBlock": "WeightBlock; START; END; WEIGHT_START; INPUT",
    "MergeBlock": "MergeBlock; BLOCK; SCALE; BLOCK; SCALE",
    "TotalLayers": "TotalLayers; N",
}


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """What a text says: `plan` is None when no block of it could be understood.

    A plan comes with problems as well: then what could not be read is unlinked or left at a
    default in it. `lines` gives the line of each block, from 1.
    """

    plan: Plan | None
    problems: tuple[Problem, ...]
    lines: Mapping[str, int] = field(default_factory=dict)


def read_plan(text: str) -> ReadPlan:
    """The plan in a text and all problems of both; it raises nothing, whatever the text."""
    return _read(text, None)


def check_text(text: str, n_weight_layers: int | None = None) -> tuple[Problem, ...]:
    """All problems of a text, also against the number of weight layers its models have."""
    return _read(text, n_weight_layers).problems


def _read(text: str, n_weight_layers: int | None) -> ReadPlan:
    lines = () if "\0" in text else tuple(split_lines(text))
    reader = _Reader()
    for line in lines:
        reader.take(line)
    if not reader.knows_something:
        return ReadPlan(None, (_not_a_plan(text, lines),))
    reader.finish()
    plan = Plan(
        MappingProxyType(reader.blocks),
        reader.output,
        reader.sources,
        tuple(reader.comments),
    )
    problems = reader.problems
    number = {f"b{n}": n for n in range(reader.n_file_blocks)}
    for problem in check_numbered(plan, number, n_weight_layers):
        if problem.code == "missing-input" and problem.block_id in number:
            continue
        problems.append(replace(problem, line=reader.lines.get(problem.block_id or "")))
    in_order = sorted(problems, key=lambda p: (p.line is None, p.line or 0))
    has_plan = bool(plan.blocks) or reader.has_header
    return ReadPlan(plan if has_plan else None, _capped(in_order), reader.lines)


class _Reader:
    """Takes the lines one after the other; `finish` adds what only the whole text can tell."""

    def __init__(self) -> None:
        self.blocks: dict[str, Block] = {}
        self.lines: dict[str, int] = {}
        self.n_file_blocks = 0
        self.output: str | None = None
        self.sources: tuple[str, ...] = ()
        self.comments: list[str] = []
        self.problems: list[Problem] = []
        self.knows_something = False
        self.has_header = False
        self._drafts: list[tuple[int, Json | None]] = []
        self._late_links: list[tuple[int, int, int]] = []
        self._next_start: int | None = 0
        self._total_line: int | None = None
        self._total: int | None = None
        self._newer: int | None = None

    def take(self, line: Line) -> None:
        """Understand one line."""
        if not line.statement:
            self._comment(line.number, line.comment)
            return
        if line.keyword:
            self.knows_something = True
        if not line.keyword or line.meant:
            self._unknown(line)
        if line.keyword in ("WeightBlock", "MergeBlock"):
            read = self._weight_block if line.keyword == "WeightBlock" else self._merge_block
            self._add(line, read(line, f"b{self.n_file_blocks}"))
            return
        if line.keyword == "TotalLayers":
            self._total_layers(line)
        if line.comment:
            self._comment(line.number, line.comment)

    def finish(self) -> None:
        """Check what needs the whole text, and put the drafts in."""
        for line, block, named in self._late_links:
            self._late_link(line, block, named)
        if self.n_file_blocks:
            self.output = f"b{self.n_file_blocks - 1}"
            self._check_total()
        self._add_drafts()
        if self._newer is not None:
            self._problem(
                "newer-format",
                "The file holds data that this version does not know.",
                "Saving it here drops that data; keep a copy, or use a newer version.",
                self._newer,
                severity="note",
            )

    # --- statements ------------------------------------------------------------------------------

    def _weight_block(self, line: Line, id_: str) -> WeightBlock:
        n = self.n_file_blocks
        if len(line.fields) != 4:
            self._field_count(line, "four", n)
        names = ("START", "END", "WEIGHT_START", "INPUT")
        start, end, weight_start, source = (
            self._int(line, n, name, at) for at, name in enumerate(names)
        )
        n_layers = 1
        if start is not None and end is not None:
            n_layers = end - start
        if start is not None and self._next_start not in (None, start):
            before = "plan layers start at 0" if not n else f"expected is {self._next_start}"
            self._problem(
                "numbering",
                f"Block {n} starts at plan layer {start}, but {before}.",
                f"Write {self._next_start} as its START and count on from there. Opening and "
                "saving the file in the editor renumbers it.",
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
                f"Block {n} asks for weight layers from {first} to {first + n_layers - 1}, which "
                "no model has.",
                "Weight layers are numbered from 0, as in the model file.",
                line.number,
                n,
            )
            first, n_layers = 0, 1
        return WeightBlock(id_, first, n_layers, self._link(line, n, source))

    def _merge_block(self, line: Line, id_: str) -> MergeBlock:
        n = self.n_file_blocks
        n_fields = len(line.fields)
        if n_fields < 4:
            self._problem(
                "too-few-inputs",
                f"Merge block {n} needs at least two inputs, each a block and a scale.",
                f"Write it as {_FORMS['MergeBlock']}.",
                line.number,
                n,
            )
        elif n_fields % 2:
            self._field_count(line, "pairs of", n)
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
                f"TotalLayers stands in the file twice; first in line {self._total_line}.",
                "Keep one of the two lines, the last line of the file.",
                line.number,
            )
            return
        self._total_line = line.number
        if len(line.fields) != 1:
            self._field_count(line, "one", None)
        self._total = self._int(line, None, "N", 0)

    def _check_total(self) -> None:
        n_layers = self._next_start
        if self._total_line is None:
            number = "N" if n_layers is None else str(n_layers)
            self._problem(
                "total-layers",
                "The line with the number of plan layers is missing.",
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
            fix = f"Write it as {_FORMS[line.keyword]}, with “;” between the fields."
        else:
            fix = (
                "A line starts with WeightBlock, MergeBlock or TotalLayers; put # before a remark."
            )
        self._problem(
            "unknown-statement", f"{shown(line.statement)} is no statement.", fix, line.number
        )

    # --- fields ----------------------------------------------------------------------------------

    def _field_count(self, line: Line, wanted: str, block: int | None) -> None:
        self._problem(
            "field-count",
            f"{line.keyword} takes {wanted} fields, but the line has {len(line.fields)}.",
            f"Write it as {_FORMS[line.keyword]}.",
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
                f"{shown(line.fields[at])} is not a whole number that {name} can be.",
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
                f"{shown(text)} is not a number that SCALE can be.",
                f"Write it in plain digits with a point, such as {example}.",
                line.number,
                block,
            )
            return 1.0
        if abs(value) == float("inf"):
            self._problem(
                "scale-not-finite",
                f"The scale {shown(text)} of merge block {block} is not a finite number.",
                "Give it an ordinary number such as 0.5.",
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
        if 0 <= named < self.n_file_blocks:
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

    # --- blocks, comments, drafts ----------------------------------------------------------------

    def _add(self, line: Line, block: Block) -> None:
        foreign, own = extra_data.split_own(line.comment)
        data = extra_data.parse_object(own) or {}
        title = extra_data.title_in(data)
        self._know_keys(line.number, data, extra_data.BLOCK_KEYS)
        if foreign.startswith(MARK):
            self._comment(line.number, foreign)
        elif foreign and not title:
            title = foreign.lstrip("#").strip()
        elif foreign:
            self.comments.append(foreign)
        self.n_file_blocks += 1
        self.lines[block.id] = line.number
        self.blocks[block.id] = replace(block, title=title, position=extra_data.position_in(data))

    def _comment(self, line: int, comment: str) -> None:
        kind, _, rest = comment.removeprefix(MARK).strip().partition(" ")
        own = comment.startswith(MARK)
        data = extra_data.parse_object(rest) if own else None
        if own and kind == "draft":
            self.knows_something = True
            self._drafts.append((line, data))
        elif kind == "llama-blocks" and data is not None:
            self.knows_something = self.has_header = True
            self.sources = extra_data.sources_in(data) or self.sources
            self._know_keys(line, data, extra_data.HEADER_KEYS)
            if data.get("version", extra_data.VERSION) != extra_data.VERSION:
                self._newer = self._newer or line
        else:
            self.comments.append(comment)

    def _know_keys(self, line: int, data: Json, known: frozenset[str]) -> None:
        if not known.issuperset(data):
            self._newer = self._newer or line

    def _add_drafts(self) -> None:
        numbers = range(self.n_file_blocks, self.n_file_blocks + len(self._drafts))
        links = {-1: TOKENS} | {n: f"b{n}" for n in range(self.n_file_blocks)}
        for n, (_, data) in zip(numbers, self._drafts, strict=True):
            if data is not None and _draft_has_sense(data):
                links[n] = f"b{n}"
        for n, (line, data) in zip(numbers, self._drafts, strict=True):
            if data is None or n not in links:
                self._bad_draft(line, "cannot be read, so it is left out")
                continue
            block, is_linked = _draft_block(f"b{n}", data, links)
            if not is_linked:
                self._bad_draft(line, "names a block that does not exist")
            self.lines[block.id] = line
            self.blocks[block.id] = block
            if self.output is None and data.get("output") is True:
                self.output = block.id
            self._know_keys(line, data, extra_data.DRAFT_KEYS)
        for id_ in blocks_on_cycles(Plan(self.blocks)):
            self._bad_draft(self.lines[id_], "depends on its own output, so it is unlinked")
            self.blocks[id_] = _unlinked(self.blocks[id_])

    def _bad_draft(self, line: int, what: str) -> None:
        self._problem(
            "bad-draft",
            f"A draft block {what}.",
            "Drafts are the editor's own lines: add and link the block in the editor instead.",
            line,
            severity="note",
        )

    def _problem(
        self,
        code: str,
        message: str,
        fix: str,
        line: int | None = None,
        block: int | None = None,
        severity: Severity = "error",
    ) -> None:
        id_ = None if block is None else f"b{block}"
        self.problems.append(Problem(code, message, fix, severity, line, block, id_))


def _draft_has_sense(data: Json) -> bool:
    return (extra_data.weights_in(data) is None) != (extra_data.merge_in(data) is None)


def _draft_block(id_: str, data: Json, links: Mapping[int, str]) -> tuple[Block, bool]:
    """The block, and whether all the blocks it names exist."""
    title, position = extra_data.title_in(data), extra_data.position_in(data)
    weights = extra_data.weights_in(data)
    if weights is not None:
        named = extra_data.link_in(data.get("input"))
        source = None if named is None else links.get(named)
        return WeightBlock(id_, *weights, source, title, position), (named is None) == (
            source is None
        )
    pairs = extra_data.merge_in(data) or ()
    inputs = tuple(
        MergeInput(None if named is None else links.get(named), given.scale)
        for named, given in pairs
    )
    exist = all(named is None or named in links for named, _ in pairs)
    return MergeBlock(id_, inputs, title, position), exist


def _unlinked(block: Block) -> Block:
    if isinstance(block, WeightBlock):
        return replace(block, input=None)
    return replace(block, inputs=tuple(MergeInput(None, i.scale) for i in block.inputs))


def _not_a_plan(text: str, lines: tuple[Line, ...]) -> Problem:
    fix = f"A plan has lines such as “{_FORMS['WeightBlock']}” and ends with “TotalLayers; N”."
    if text.startswith("GGUF"):
        message = "This is a model file, not a plan."
        fix = "Open it as a model; a plan is a text file."
    elif "\0" in text or any(line.statement for line in lines):
        message = "This is not a plan in the layerBlocks format."
    else:
        message = "The file is empty: no line of it says anything."
    return Problem("not-a-plan", message, fix)


def _capped(problems: list[Problem]) -> tuple[Problem, ...]:
    n_more = len(problems) - MAX_PROBLEMS
    if n_more <= 0:
        return tuple(problems)
    rest: Iterator[Severity] = (p.severity for p in problems[MAX_PROBLEMS:])
    more = Problem(
        "more-problems",
        f"There are {n_more} more problems.",
        "Mend those above first.",
        severity="error" if "error" in rest else "note",
    )
    return (*problems[:MAX_PROBLEMS], more)
