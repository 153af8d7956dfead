"""Hypothesis strategies for plans: whatever a user can make with the edits, and plan texts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType

from hypothesis import strategies as st

from app.plan import annotating, edits, shaping
from app.plan.document import (
    LAYER_LIMIT,
    TOKENS,
    Annotation,
    Block,
    MergeBlock,
    MergeInput,
    Plan,
    WeightBlock,
)
from app.plan.kinds import links_into, with_links
from app.plan.muting import without_muted
from app.plan.ordering import file_order, order
from app.plan.problem import PlanError

scales = st.one_of(
    st.sampled_from([0.0, 0.5, 1.0, -1.0, 0.1, 1e-7, 1e300]),
    st.floats(allow_nan=False, allow_infinity=False),
)
coordinates = st.floats(-1e6, 1e6)
titles = st.one_of(st.sampled_from(["", "Trunk", 'a "b" #@ {c}; 1 # d']), st.text(max_size=12))
ports = st.integers(0, 3)
remarks = st.one_of(
    st.sampled_from(["", "Two\nlines", 'a "b" #@ {c}; 1 # d']), st.text(max_size=12)
)


def ids(plan: Plan) -> st.SearchStrategy[str]:
    """A block of the plan."""
    return st.sampled_from(sorted(plan.blocks))


def feeds(plan: Plan) -> st.SearchStrategy[str | None]:
    """What a port may hold: mostly something."""
    return st.sampled_from([TOKENS, TOKENS, None, *sorted(plan.blocks)])


def edit(draw: st.DrawFn, plan: Plan) -> Callable[[], Plan]:
    """One edit drawn for the plan; calling it may raise PlanError, as a refused one does."""
    add_weight = draw(st.integers(0, 12))
    if not plan.blocks or add_weight <= 2:
        block = WeightBlock(
            edits.new_id(plan),
            draw(st.integers(0, 40)),
            draw(st.integers(1, 40) | st.just(LAYER_LIMIT)),
            draw(feeds(plan)),
            title=draw(titles),
            position=draw(st.none() | st.tuples(coordinates, coordinates)),
        )
        return lambda: edits.add_block(plan, block)
    if add_weight == 3:
        inputs = draw(st.lists(st.builds(MergeInput, feeds(plan), scales), min_size=2, max_size=4))
        merge = MergeBlock(edits.new_id(plan), tuple(inputs), title=draw(titles))
        return lambda: edits.add_block(plan, merge)
    id_, port, scale = draw(ids(plan)), draw(ports), draw(scales)
    source = draw(feeds(plan))
    at = (draw(coordinates), draw(coordinates))
    some = draw(st.sets(ids(plan), max_size=2))
    heal = draw(st.booleans())
    start, n_layers = draw(st.integers(-1, 40)), draw(st.integers(0, 40))
    title = draw(titles)
    other, on = draw(ports), draw(st.booleans())
    kind, remark = draw(st.sampled_from(["frame", "note"])), draw(remarks)
    choices: list[Callable[[], Plan]] = [
        lambda: edits.remove(plan, some, heal=heal),
        lambda: edits.connect(plan, source or TOKENS, id_, port),
        lambda: edits.connect(plan, source or TOKENS, id_, 0),
        lambda: edits.connect_output(plan, id_ if heal else source),
        lambda: edits.connect_output(plan, id_),
        lambda: edits.disconnect(plan, id_, port),
        lambda: edits.set_weights(plan, id_, start, n_layers),
        lambda: edits.add_input(plan, id_, source, scale),
        lambda: edits.remove_input(plan, id_, port),
        lambda: edits.move(plan, dict.fromkeys(some, at)),
        lambda: edits.rename(plan, id_, title),
        lambda: edits.insert_on_link(plan, id_, source or TOKENS, port),
        lambda: edits.insert_before_output(plan, id_),
        lambda: shaping.set_muted(plan, {*some, id_}, on),
        lambda: shaping.set_muted(plan, {*some, id_}, True),
        lambda: shaping.set_collapsed(plan, some, on),
        lambda: shaping.cut_layers(plan, id_, range(start, start + n_layers)),
        lambda: shaping.join(plan, tuple(plan.blocks)),
        lambda: shaping.set_sums_to_one(plan, id_, on),
        lambda: edits.set_scale(plan, id_, port, scale),
        lambda: edits.swap_inputs(plan, id_, port, other),
        lambda: shaping.equalise(plan, id_),
        lambda: annotated(plan, kind, remark, at),
        lambda: annotating.remove_annotations(plan, sorted(plan.annotations)[:1]),
    ]
    return draw(st.sampled_from(choices))


def annotated(plan: Plan, kind: str, text: str, at: tuple[float, float]) -> Plan:
    """The plan with a frame or a note more."""
    id_ = annotating.new_annotation_id(plan)
    is_frame, size = kind == "frame", (90.0 + len(text), 60.5)
    mark = Annotation(id_, "frame" if is_frame else "note", text, at, size, len(text))
    return annotating.add_annotation(plan, mark)


@st.composite
def histories(draw: st.DrawFn, max_edits: int = 14) -> list[Plan]:
    """A plan after each of some edits, the empty or whole-model plan first."""
    sources = draw(st.none() | st.just("model.gguf") | st.text(max_size=8))
    plan = draw(st.sampled_from([Plan(), edits.whole_model(30, sources)]))
    history = [plan]
    for _ in range(draw(st.integers(0, max_edits))):
        with suppress(PlanError):
            history.append(edit(draw, history[-1])())
    return history


def canonical(plan: Plan) -> Plan:
    """The plan with the ids that reading its text gives."""
    said = file_order(without_muted(plan))
    ids = (*said, *(id_ for id_ in order(plan) if id_ not in set(said)))
    new: dict[str | None, str] = {old: f"b{n}" for n, old in enumerate(ids)} | {TOKENS: TOKENS}
    blocks: dict[str, Block] = {}
    for id_ in ids:
        links = [new.get(link) for link in links_into(plan.blocks[id_])]
        blocks[new[id_]] = with_links(replace(plan.blocks[id_], id=new[id_]), links)
    marks = [replace(a, id=f"a{n}") for n, a in enumerate(plan.annotations.values())]
    return replace(
        plan,
        blocks=MappingProxyType(blocks),
        output=new.get(plan.output),
        annotations=MappingProxyType({a.id: a for a in marks}),
    )


plans = histories().map(lambda history: history[-1])
