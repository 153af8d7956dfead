"""Reads layerBlocks text: the plan as far as it can be told, and all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from app.plan import extra_data
from app.plan.checks import check_numbered
from app.plan.document import TOKENS, Annotation, Block, FileMark, Plan
from app.plan.extra_data import MARK, Json
from app.plan.kinds import WEIGHT, links_into, with_links
from app.plan.lines import Line
from app.plan.muting import without_muted
from app.plan.ordering import blocks_on_cycles, live_blocks
from app.plan.problem import Problem, Severity
from app.plan.statements import TOTAL_FORM, StatementReader, split_lines

MAX_PROBLEMS = 100
"""Past this many, one last problem says how many more there are."""


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """What a text says: `plan` is None when no block of it could be understood.

    A plan comes with problems as well: then what could not be read is unlinked or left at a
    default in it. `lines` gives the line of each block, from 1.
    """

    plan: Plan | None
    problems: tuple[Problem, ...]
    lines: Mapping[str, int] = field(default_factory=dict)


def read_plan(text: str, n_weight_layers: int | None = None) -> ReadPlan:
    """The plan in a text and all problems of both; it raises nothing, whatever the text.

    With `n_weight_layers`, the weight layers of the plan's models together, the layers borrowed
    are checked against them.
    """
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
        MappingProxyType(reader.annotations),
        MappingProxyType(reader.marks),
    )
    problems = reader.problems
    number = {f"b{n}": n for n in range(reader.statements.n_blocks)}
    active = without_muted(plan)
    for problem in check_numbered(active, number, live_blocks(active), n_weight_layers):
        if problem.code == "missing-input" and problem.block_id in number:
            continue
        problems.append(replace(problem, line=reader.lines.get(problem.block_id or "")))
    in_order = sorted(problems, key=lambda p: (p.line is None, p.line or 0))
    has_plan = bool(plan.blocks) or reader.has_header
    return ReadPlan(plan if has_plan else None, _capped(in_order), reader.lines)


class _Reader:
    """Takes the lines one after the other; `finish` adds what only the whole text can tell."""

    def __init__(self) -> None:
        self.statements = StatementReader()
        self.blocks: dict[str, Block] = {}
        self.lines: dict[str, int] = {}
        self.output: str | None = None
        self.sources: tuple[str, ...] = ()
        self.marks: dict[str, FileMark] = {}
        self.comments: list[str] = []
        self.notes: list[Problem] = []
        self.knows_something = False
        self.has_header = False
        self.annotations: dict[str, Annotation] = {}
        self._passed: dict[str, tuple[int | None, ...]] = {}
        self._drafts: list[tuple[int, Json | None]] = []
        self._newer: int | None = None
        self._block_keys = extra_data.block_keys()

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the text, apart from the plan in it."""
        return self.statements.problems + self.notes

    def take(self, line: Line) -> None:
        """Understand one line."""
        block = self.statements.take(line) if line.statement else None
        self.knows_something = self.knows_something or line.keyword != ""
        if block is not None:
            self._add(line, block)
        elif line.comment:
            self._comment(line.number, line.comment)

    def finish(self) -> None:
        """Check what needs the whole text, and put the drafts in."""
        self.statements.finish()
        if self.blocks:
            self.output = f"b{len(self.blocks) - 1}"
        self._add_drafts()
        if self._newer is not None:
            self._note(
                "newer-format",
                "The file has data that this version does not know.",
                "Saving it here loses that data: keep a copy, or use a newer version.",
                self._newer,
            )

    def _add(self, line: Line, block: Block) -> None:
        foreign, own = extra_data.split_own(line.comment)
        data = extra_data.parse_object(own) or {}
        title = extra_data.title_in(data)
        self._know_keys(line.number, data, self._block_keys)
        if foreign.startswith(MARK):
            self._comment(line.number, foreign)
        elif foreign and not title:
            title = foreign.lstrip("#").strip()
        elif foreign:
            self.comments.append(foreign)
        self._put(line.number, replace(block, title=title), data)
        links = extra_data.links_in(data, len(links_into(block)))
        if links is not None:
            self._passed[block.id] = links
        elif "links" in data:
            self._bad_links(line.number)

    def _put(self, line: int, block: Block, data: Json) -> None:
        """Take in a block with the looks that its data says."""
        self.blocks[block.id], odd = extra_data.with_looks(block, data)
        self.lines[block.id] = line
        if odd is not None:
            self.notes.append(replace(odd, severity="note", line=line))

    def _comment(self, line: int, comment: str) -> None:
        kind, data = extra_data.own_line(comment)
        if kind == "draft":
            self.knows_something = True
            self._drafts.append((line, data))
        elif kind == "llama-blocks" and data is not None:
            self.knows_something = self.has_header = True
            self.sources = extra_data.sources_in(data) or self.sources
            self.marks |= extra_data.marks_in(data)
            self._know_keys(line, data, extra_data.HEADER_KEYS)
            if data.get("version", extra_data.VERSION) != extra_data.VERSION:
                self._newer = self._newer or line
        elif kind in ("frame", "note"):
            self._annotate(line, kind, data or {}, comment)
        else:
            self.comments.append(comment)

    def _annotate(self, line: int, kind: str, data: Json, comment: str) -> None:
        annotation = extra_data.annotation_in(kind, data, f"a{len(self.annotations)}")
        if annotation is None:
            self.comments.append(comment)
            self._note(
                "bad-annotation",
                f"A {kind} cannot be read, so it is not shown.",
                "It needs a text, and a place and size on the canvas. Its line is kept; delete "
                "it and draw it again in the editor.",
                line,
            )
            return
        self.knows_something = self.has_header = True
        self.annotations[annotation.id] = annotation
        self._know_keys(line, data, extra_data.ANNOTATION_KEYS)

    def _know_keys(self, line: int, data: Json, allowed: frozenset[str]) -> None:
        if not allowed.issuperset(data):
            self._newer = self._newer or line

    def _add_drafts(self) -> None:
        n_file_blocks = self.statements.n_blocks
        numbers = range(n_file_blocks, n_file_blocks + len(self._drafts))
        links = {-1: TOKENS} | {n: f"b{n}" for n in range(n_file_blocks)}
        drafts = [
            None if data is None else extra_data.draft_in(data, f"b{n}")
            for n, (_, data) in zip(numbers, self._drafts, strict=True)
        ]
        links |= {n: f"b{n}" for n, draft in zip(numbers, drafts, strict=True) if draft is not None}
        known_keys = extra_data.draft_keys()
        for (line, data), draft in zip(self._drafts, drafts, strict=True):
            if data is None or draft is None:
                self._bad_draft(line, "cannot be read, so it is left out")
                continue
            block, numbers_in = draft
            if any(n is not None and n not in links for n in numbers_in):
                self._bad_draft(line, "names a block that does not exist")
            fed_by = [None if n is None else links.get(n) for n in numbers_in]
            self._put(line, with_links(block, fed_by), data)
            self._know_keys(line, data, known_keys)
        for id_ in blocks_on_cycles(Plan(self.blocks)):
            self._bad_draft(self.lines[id_], "depends on its own output, so it is unlinked")
            block = self.blocks[id_]
            self.blocks[id_] = with_links(block, (None,) * len(links_into(block)))
        self._lead_through_muted(links)
        for n, (_, data) in zip(numbers, self._drafts, strict=True):
            if data is not None and f"b{n}" in self.blocks and data.get("output") is True:
                self._feed_output(f"b{n}")

    def _lead_through_muted(self, id_of: Mapping[int, str]) -> None:
        """Lead links through muted blocks, where what is heard then is what the lines say."""
        stated = self.blocks
        through = {
            id_: with_links(stated[id_], [None if k is None else id_of.get(k) for k in links])
            for id_, links in self._passed.items()
        }
        active = without_muted(Plan(MappingProxyType(stated | through))).blocks
        through = {
            i: b for i, b in through.items() if links_into(active[i]) == links_into(stated[i])
        }
        in_circles = blocks_on_cycles(Plan(MappingProxyType(stated | through)))
        self.blocks = stated | {i: b for i, b in through.items() if i not in in_circles}
        for id_ in self._passed:
            if id_ not in through or id_ in in_circles:
                self._bad_links(self.lines[id_])

    def _feed_output(self, id_: str) -> None:
        """Let a draft feed the output, where no line says otherwise."""
        plan = Plan(MappingProxyType(self.blocks), id_)
        if self.output is None or without_muted(plan).output == self.output:
            self.output = id_
        else:
            self._bad_draft(
                self.lines[id_], "wants to feed the output, which another block feeds already"
            )

    def _bad_links(self, line: int) -> None:
        self._note(
            "links-differ",
            "The links of a block past muted ones do not agree with its line.",
            "The line counts; link the block to the muted one again in the editor.",
            line,
        )

    def _bad_draft(self, line: int, what: str) -> None:
        self._note(
            "bad-draft",
            f"A draft block {what}.",
            "Drafts are written by the editor: add and link the block there instead.",
            line,
        )

    def _note(self, code: str, message: str, fix: str, line: int) -> None:
        self.notes.append(Problem(code, message, fix, "note", line))


def _not_a_plan(text: str, lines: tuple[Line, ...]) -> Problem:
    fix = f"A plan has lines such as “{WEIGHT.form}” and ends with “{TOTAL_FORM}”."
    if text.startswith("GGUF"):
        message = "This is a model file, not a plan."
        fix = "Open it as a model; a plan is a text file."
    elif "\0" in text or any(line.statement for line in lines):
        message = "This is not a plan in the layerBlocks format."
    else:
        message = "The file is empty: it has no statements."
    return Problem("not-a-plan", message, fix)


def _capped(problems: list[Problem]) -> tuple[Problem, ...]:
    n_more = len(problems) - MAX_PROBLEMS
    if n_more <= 0:
        return tuple(problems)
    rest: Iterator[Severity] = (p.severity for p in problems[MAX_PROBLEMS:])
    more = Problem(
        "more-problems",
        f"There are {n_more} more problems.",
        "Fix those above first.",
        severity="error" if "error" in rest else "note",
    )
    return (*problems[:MAX_PROBLEMS], more)
