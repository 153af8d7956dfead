"""The editor's own data in a layerBlocks text: comments that start with `#@` and hold JSON.

`#@ llama-blocks {"version": 1, "sources": ["a.gguf"]}` speaks for the whole document. Beside
`sources`, `"files": {"a.gguf": {"bytes": 91728288, "fingerprint": "5f2c…"}}` tells by what those
files are known when they were moved or renamed.
`WeightBlock; 0; 22; 0; -1  #@ {"title": "Trunk", "at": [120, 40]}` speaks for one block.
`#@ draft {"weights": [0, 22], "input": -1}` and `#@ draft {"merge": [[1, 0.5], [null, 0.5]]}`
are blocks that a strict file cannot say yet, numbered on after its last block; weights are the
range `[start, end)`, null an unlinked input, and `"output": true` marks the one that feeds the
output. A muted block is such a draft too, with `"muted": true`, and the lines of the others are
what is heard without it. Where a muted block feeds one, `"links": [4]` behind that one's line
gives the numbers of what feeds it in the plan, a number an input; where that is not heard as the
line says, the line counts. `"collapsed"` and `"sums_to_one"` are true or left out; the latter
counts where the scales do add up to 1.
`#@ frame {"text": "Start", "at": [0, 0], "size": [400, 200], "colour": 2}` is a frame, `#@ note`
a note. Keys that would say nothing are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from msgspec import Meta

from app.plan.document import POSITION_LIMIT, Annotation, Block, FileMark, Plan
from app.plan.json_records import JsonError, parse, value_of
from app.plan.json_values import Point, link_in, pair_in, plain
from app.plan.kinds import kind_of, kinds, links_into
from app.plan.problem import Problem

MARK = "#@"
VERSION = 1
HEADER_KEYS = frozenset({"version", "sources", "files"})
ANNOTATION_KEYS = frozenset({"text", "at", "size", "colour"})

Json = dict[str, Any]


_Extent = Annotated[float, Meta(gt=0, le=POSITION_LIMIT)]


@dataclass(frozen=True, slots=True)
class _FileEntry:
    bytes: Annotated[int, Meta(gt=0)]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class _AnnotationEntry:
    text: str
    at: Point
    size: tuple[_Extent, _Extent]
    colour: Annotated[int, Meta(ge=0, lt=1000)] = 0


def block_keys() -> frozenset[str]:
    """The keys of what stands behind a block's line."""
    common = frozenset({"title", "at", "collapsed", "links"})
    return common.union(*(kind.comment_keys for kind in kinds()))


def draft_keys() -> frozenset[str]:
    """The keys of a draft's line."""
    return (block_keys() - {"links"} | {"output", "muted"}).union(*(k.draft_keys for k in kinds()))


def header_comment(plan: Plan) -> str:
    """The line that speaks for the whole document."""
    data: Json = {"version": VERSION}
    if plan.sources:
        data["sources"] = list(plan.sources)
    marks = {name: plan.marks[name] for name in plan.sources if name in plan.marks}
    if marks:
        data["files"] = {
            name: {"bytes": mark.size_bytes, "fingerprint": mark.fingerprint}
            for name, mark in marks.items()
        }
    return f"{MARK} llama-blocks {_dump(data)}"


def block_comment(block: Block, links: Sequence[int | None] | None = None) -> str:
    """What goes behind a block's line; empty when there is nothing to say.

    `links` are the numbers of what feeds the block, where its line says something else.
    """
    data = _block_data(block)
    if links is not None:
        data["links"] = list(links)
    return f"{MARK} {_dump(data)}" if data else ""


def draft_comment(block: Block, number: Mapping[str | None, int], is_output: bool) -> str:
    """The line of a block that a strict file cannot say; `number` gives the links' numbers."""
    links = [number.get(link) for link in links_into(block)]
    data: Json = kind_of(block).draft_data(block, links)
    if is_output:
        data["output"] = True
    if block.muted:
        data["muted"] = True
    return f"{MARK} draft {_dump(data | _block_data(block))}"


def annotation_comment(annotation: Annotation) -> str:
    """The line of a frame or a note."""
    data: Json = {
        "text": annotation.text,
        "at": [plain(c) for c in annotation.position],
        "size": [plain(c) for c in annotation.size],
    }
    if annotation.colour:
        data["colour"] = annotation.colour
    return f"{MARK} {annotation.kind} {_dump(data)}"


def split_own(comment: str) -> tuple[str, str]:
    """A trailing comment as (what others wrote, the JSON behind `#@`), either may be empty."""
    match = re.search(r"#@\s*(?=\{)", comment)
    if match is None or parse_object(comment[match.end() :]) is None:
        return comment, ""
    return comment[: match.start()].strip(), comment[match.end() :]


def own_line(comment: str) -> tuple[str, Json | None]:
    """The kind of a line of the editor's own and its data, None where it makes no sense.

    The kind is empty for the comments of others.
    """
    if not comment.startswith(MARK):
        return "", None
    kind, _, rest = comment.removeprefix(MARK).strip().partition(" ")
    return kind, parse_object(rest)


def parse_object(text: str) -> Json | None:
    """The JSON object in a text, or None when it holds anything else."""
    try:
        return value_of(Json, parse(text))
    except JsonError:
        return None


def sources_in(data: Json) -> tuple[str, ...]:
    """The model files a header names."""
    return value_of(tuple[str, ...], data.get("sources")) or ()


def marks_in(data: Json) -> dict[str, FileMark]:
    """What a header tells of the files it names; entries that make no sense are left out."""
    files = value_of(Json, data.get("files")) or {}
    entries = {name: value_of(_FileEntry, entry) for name, entry in files.items()}
    return {n: FileMark(e.bytes, e.fingerprint) for n, e in entries.items() if e is not None}


def title_in(data: Json) -> str:
    """A block's title; empty when it has none."""
    return value_of(str, data.get("title")) or ""


def position_in(data: Json) -> tuple[float, float] | None:
    """A block's place on the canvas; None when it has none, or none that can be."""
    return pair_in(data.get("at"))


def with_looks(block: Block, data: Json) -> tuple[Block, Problem | None]:
    """The block at its place, collapsed and as its kind reads the data; and what is odd there."""
    collapsed = data.get("collapsed") is True
    block = replace(block, position=position_in(data), collapsed=collapsed)
    read: tuple[Block, Problem | None] = kind_of(block).with_comment_data(block, data)
    return read


def links_in(data: Json, n_links: int) -> tuple[int | None, ...] | None:
    """The numbers of what feeds a block besides what its line says; None when nothing is said."""
    links = value_of(list[Any], data.get("links"))
    if links is None or len(links) != n_links:
        return None
    return tuple(link_in(link) for link in links)


def annotation_in(kind: str, data: Json, id_: str) -> Annotation | None:
    """A frame or a note; None when it makes no sense."""
    read = value_of(_AnnotationEntry, data)
    if read is None:
        return None
    which: Literal["frame", "note"] = "frame" if kind == "frame" else "note"
    return Annotation(id_, which, read.text, read.at, read.size, read.colour)


def draft_in(data: Json, id_: str) -> tuple[Block, tuple[int | None, ...]] | None:
    """A draft's block, unlinked and at no place, and the numbers of what feeds it.

    None where its data makes no sense, or sense as several kinds of block.
    """
    drafts = [draft for kind in kinds() if (draft := kind.draft_in(data, id_)) is not None]
    if len(drafts) != 1:
        return None
    block, links = drafts[0]
    return replace(block, title=title_in(data), muted=data.get("muted") is True), links


def relinked_draft(data: Json, links: Sequence[int | None]) -> str:
    """The line of a draft with other numbers for what feeds it, as many as `draft_in` gives.

    Its keys keep the order that they have.
    """
    draft = draft_in(data, "")
    if draft is None:
        return f"{MARK} draft {_dump(data)}"
    kind = kind_of(draft[0])
    fresh = kind.draft_data(draft[0], links)
    result = {k: fresh.get(k, v) for k, v in data.items() if k in fresh or k not in kind.draft_keys}
    return f"{MARK} draft {_dump(result | fresh)}"


def relinked_comment(comment: str, links: Sequence[int | None]) -> str:
    """A trailing comment with other numbers for what feeds its block besides what the line says."""
    _, own = split_own(comment)
    data = parse_object(own) or {}
    return comment.removesuffix(own) + _dump(data | {"links": list(links)})


def _block_data(block: Block) -> Json:
    data: Json = {}
    if block.title:
        data["title"] = block.title
    if block.position is not None:
        data["at"] = [plain(c) for c in block.position]
    if block.collapsed:
        data["collapsed"] = True
    extra: Json = kind_of(block).comment_data(block)
    return data | extra


def _dump(data: Json) -> str:
    """JSON on one line that any encoding of Unicode can carry."""
    text = json.dumps(data, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)
