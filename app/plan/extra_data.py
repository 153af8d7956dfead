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
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.plan.document import (
    LAYER_LIMIT,
    POSITION_LIMIT,
    Annotation,
    Block,
    FileMark,
    MergeBlock,
    MergeInput,
    Plan,
    WeightBlock,
)

MARK = "#@"
VERSION = 1
HEADER_KEYS = frozenset({"version", "sources", "files"})
BLOCK_KEYS = frozenset({"title", "at", "collapsed", "sums_to_one", "links"})
DRAFT_KEYS = (BLOCK_KEYS - {"links"}) | {"weights", "input", "merge", "output", "muted"}
ANNOTATION_KEYS = frozenset({"text", "at", "size", "colour"})

Json = dict[str, Any]


def header_comment(plan: Plan) -> str:
    """The line that speaks for the whole document."""
    data: Json = {"version": VERSION}
    if plan.sources:
        data["sources"] = list(plan.sources)
    known = {name: plan.marks[name] for name in plan.sources if name in plan.marks}
    if known:
        data["files"] = {
            name: {"bytes": mark.size_bytes, "fingerprint": mark.fingerprint}
            for name, mark in known.items()
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
    data: Json = {}
    if isinstance(block, WeightBlock):
        data["weights"] = [block.weight_start, block.weight_end]
        if block.input in number:
            data["input"] = number[block.input]
    else:
        data["merge"] = [[number.get(i.block), _plain(i.scale)] for i in block.inputs]
    if is_output:
        data["output"] = True
    if block.muted:
        data["muted"] = True
    return f"{MARK} draft {_dump(data | _block_data(block))}"


def annotation_comment(annotation: Annotation) -> str:
    """The line of a frame or a note."""
    data: Json = {
        "text": annotation.text,
        "at": [_plain(c) for c in annotation.position],
        "size": [_plain(c) for c in annotation.size],
    }
    if annotation.colour:
        data["colour"] = annotation.colour
    return f"{MARK} {annotation.kind} {_dump(data)}"


def split_own(comment: str) -> tuple[str, str]:
    """A trailing comment as (what others wrote, the JSON behind `#@`), either may be empty."""
    found = re.search(r"#@\s*(?=\{)", comment)
    if found is None or parse_object(comment[found.end() :]) is None:
        return comment, ""
    return comment[: found.start()].strip(), comment[found.end() :]


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
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def sources_in(data: Json) -> tuple[str, ...]:
    """The model files a header names."""
    sources = data.get("sources")
    if not isinstance(sources, list) or not all(isinstance(s, str) for s in sources):
        return ()
    return tuple(sources)


def marks_in(data: Json) -> dict[str, FileMark]:
    """What a header tells of the files it names; entries that make no sense are left out."""
    marks = {}
    files = data.get("files")
    for name, entry in files.items() if isinstance(files, dict) else ():
        match entry:
            case {"bytes": int(size_bytes), "fingerprint": str(fingerprint)} if size_bytes > 0:
                marks[name] = FileMark(size_bytes, fingerprint)
    return marks


def title_in(data: Json) -> str:
    """A block's title; empty when it has none."""
    title = data.get("title")
    return title if isinstance(title, str) else ""


def position_in(data: Json) -> tuple[float, float] | None:
    """A block's place on the canvas; None when it has none, or none that can be."""
    return _pair_in(data.get("at"))


def with_looks(block: Block, data: Json) -> Block:
    """The block at its place, collapsed and with its sum kept if the data says so."""
    collapsed = data.get("collapsed") is True
    block = replace(block, position=position_in(data), collapsed=collapsed)
    if isinstance(block, WeightBlock):
        return block
    return replace(block, sums_to_one=data.get("sums_to_one") is True)


def links_in(data: Json, n_links: int) -> tuple[int | None, ...] | None:
    """The numbers of what feeds a block besides what its line says; None when nothing is said."""
    links = data.get("links")
    if not isinstance(links, list) or len(links) != n_links:
        return None
    return tuple(link_in(link) for link in links)


def annotation_in(kind: str, data: Json, id_: str) -> Annotation | None:
    """A frame or a note; None when it makes no sense."""
    text, colour = data.get("text"), data.get("colour", 0)
    at, size = position_in(data), _pair_in(data.get("size"))
    if not isinstance(text, str) or at is None or size is None or min(size) <= 0:
        return None
    if not isinstance(colour, int) or isinstance(colour, bool) or not 0 <= colour < 1000:
        return None
    return Annotation(id_, "frame" if kind == "frame" else "note", text, at, size, colour)


def weights_in(data: Json) -> tuple[int, int] | None:
    """A draft's weight layers as (start, how many); None when they make no sense."""
    match data.get("weights"):
        case [int(start), int(end)] if 0 <= start < end <= LAYER_LIMIT:
            return int(start), int(end) - int(start)
    return None


def merge_in(data: Json) -> tuple[tuple[int | None, MergeInput], ...] | None:
    """A draft merge's inputs, each with its block's number; None when they make no sense."""
    inputs = []
    pairs = data.get("merge")
    for pair in pairs if isinstance(pairs, list) else ():
        if not isinstance(pair, list) or len(pair) != 2:
            return None
        scale = finite_number(pair[1])
        if scale is None:
            return None
        inputs.append((link_in(pair[0]), MergeInput(None, scale)))
    return tuple(inputs) if len(inputs) >= 2 else None


def links_of_draft(data: Json) -> tuple[int | None, ...]:
    """The numbers of what feeds a draft, None for an unlinked input; none where it has no sense."""
    if weights_in(data) is not None:
        return (link_in(data.get("input")),)
    return tuple(named for named, _ in merge_in(data) or ())


def relinked_draft(data: Json, links: Sequence[int | None]) -> str:
    """The line of a draft with other numbers for what feeds it, as many as `links_of_draft`."""
    if weights_in(data) is None:
        pairs = zip(links, data["merge"], strict=True)
        after = data | {"merge": [[link, scale] for link, (_, scale) in pairs]}
    elif links == (None,):
        after = {key: value for key, value in data.items() if key != "input"}
    else:
        after = data | {"input": links[0]}
    return f"{MARK} draft {_dump(after)}"


def relinked_comment(comment: str, links: Sequence[int | None]) -> str:
    """A trailing comment with other numbers for what feeds its block besides what the line says."""
    _, own = split_own(comment)
    data = parse_object(own) or {}
    return comment.removesuffix(own) + _dump(data | {"links": list(links)})


def link_in(value: object) -> int | None:
    """The number of the block that a draft's input names; None for an unlinked one."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def finite_number(value: object) -> float | None:
    """A JSON number as a finite double, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _pair_in(value: object) -> tuple[float, float] | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    x, y = (finite_number(c) for c in value)
    if x is None or y is None or max(abs(x), abs(y)) > POSITION_LIMIT:
        return None
    return x, y


def _block_data(block: Block) -> Json:
    data: Json = {}
    if block.title:
        data["title"] = block.title
    if block.position is not None:
        data["at"] = [_plain(c) for c in block.position]
    if block.collapsed:
        data["collapsed"] = True
    if isinstance(block, MergeBlock) and block.sums_to_one:
        data["sums_to_one"] = True
    return data


def _plain(number: float) -> float:
    """The number without a needless `.0`."""
    return int(number) if float(number).is_integer() and abs(number) < 1e15 else number


def _dump(data: Json) -> str:
    """JSON on one line that any encoding of Unicode can carry."""
    text = json.dumps(data, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)
