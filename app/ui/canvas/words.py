"""Blocks, their ports and their faders in words, for the status line and for screen readers."""

from __future__ import annotations

from app.plan.document import TOKENS, Annotation, Block
from app.plan.kinds import kind_of, links_into
from app.ui.canvas.shapes import OUTPUT
from app.ui.state.block_kinds import kind_ui, title_of
from app.ui.state.editor import PlanEditor


def short_name(editor: PlanEditor, block_id: str | None) -> str:
    """A block as it is named beside others: its number, or its title while it has none."""
    if block_id == TOKENS:
        return "the tokens"
    if block_id == OUTPUT:
        return "the output"
    block = None if block_id is None else editor.plan.blocks.get(block_id)
    if block is None:
        return "nothing"
    number = editor.number(block.id)
    return f"block {number}" if number is not None else f"“{title_of(block)}”"


def block_name(editor: PlanEditor, block: Block) -> str:
    """A block by itself: number, title, and what it does in the words of its kind."""
    number, kind = editor.number(block.id), kind_ui(block)
    name = f"Block {number}" if number is not None else kind.title
    if block.title:
        name += f", {block.title}"
    name += f": {kind.words(editor, block)}"
    if block.muted:
        name += ", muted"
    if block.collapsed:
        name += ", collapsed"
    return name


def block_description(editor: PlanEditor, block: Block) -> str:
    """What feeds a block, and all that is wrong with it."""
    sources = [short_name(editor, source) for source in links_into(block)]
    fed = f"Fed by {', '.join(sources)}."
    wrong = [f"{p.message} {p.fix}" for p in editor.problems if p.block_id == block.id]
    return " ".join([fed, *wrong])


def input_name(editor: PlanEditor, block: Block, port: int) -> str:
    """An input port: its number, and what feeds it."""
    source = links_into(block)[port]
    if source is None:
        return f"Input {port + 1}, not linked"
    return f"Input {port + 1}, linked from {short_name(editor, source)}"


def output_name(editor: PlanEditor, block_id: str) -> str:
    """The output port of a block or of the tokens: what it feeds."""
    plan = editor.plan
    fed = [short_name(editor, b.id) for b in plan.blocks.values() if block_id in links_into(b)]
    if plan.output == block_id:
        fed.append("the output")
    return f"Output, linked to {', '.join(fed)}" if fed else "Output, not linked"


def fader_name(editor: PlanEditor, block: Block, index: int) -> str:
    """A fader, and which block it scales where it has an input of its own."""
    kind = kind_ui(block)
    name = f"Scale of {kind_of(block).scale_name(block, index)}"
    if kind.inputs is None:
        return name
    return f"{name}, from {short_name(editor, links_into(block)[index])}"


def annotation_name(annotation: Annotation) -> str:
    """A frame by its title, a note by its text."""
    return f"{annotation.kind.capitalize()}: {annotation.text or 'empty'}"
