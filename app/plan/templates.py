"""Plans to start from: each template asks for two or three numbers and makes a whole plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.plan import edits
from app.plan.document import TOKENS, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.layer_ranges import runs
from app.plan.problem import PlanError, Problem

Values = Mapping[str, float]
"""A template's numbers by name. SECOND_START may be among them."""

SECOND_START = "second_start"
"""The first weight layer of a second model; without it both are the same weights."""

_MOST_RUNS = 8


@dataclass(frozen=True, slots=True)
class Number:
    """A number that a template asks for; `default` and `most` depend on the model's layers."""

    name: str
    label: str
    default: Callable[[int], float]
    least: float
    most: Callable[[int], float]
    decimals: int = 0
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """`make(n_weight_layers, values)` gives the plan. Raises PlanError where none comes of them.

    With two models, `n_weight_layers` are those that both have.
    """

    id: str
    title: str
    sentence: str
    numbers: tuple[Number, ...]
    make: Callable[[int, Values], Plan]


def _whole(n_layers: int, _values: Values) -> Plan:
    return _chain([("", 0, n_layers)])


def _stack(n_layers: int, values: Values) -> Plan:
    return _slices(n_layers, values, (("A", 0), ("B", _second_start(values))))


def _inverted_stack(n_layers: int, values: Values) -> Plan:
    return _slices(n_layers, values, (("B", _second_start(values)), ("A", 0)))


def _slices(n_layers: int, values: Values, models: Sequence[tuple[str, int]]) -> Plan:
    """Slices of `length` layers, each beginning `overlap` before the last one's end, in turn."""
    length, overlap = int(values["length"]), int(values["overlap"])
    if overlap >= length:
        raise _refusal(
            f"Slices of {_layers(length)} that overlap by {overlap} never reach the end.",
            "Choose a smaller overlap or longer slices.",
        )
    starts = [0]
    while starts[-1] + length < n_layers:
        starts.append(starts[-1] + length - overlap)
    slices = []
    for turn, start in enumerate(starts):
        name, offset = models[turn % 2]
        slices.append((f"{name}{turn // 2 + 1}", offset + start, min(length, n_layers - start)))
    return _chain(slices)


def _branches(n_layers: int, values: Values) -> Plan:
    """A trunk, and what follows it in both models, or less of it in the second."""
    trunk, skipped = int(values["trunk"]), int(values["skipped"])
    rest = n_layers - trunk
    if rest < 1 or skipped >= rest:
        raise _refusal(
            f"After a trunk of {_layers(trunk)} a branch has {_layers(rest)}, too few to leave "
            f"out {skipped}.",
            "Choose a shorter trunk, or leave out fewer layers.",
        )
    second = _second_start(values) + trunk + skipped
    return _merged(
        [
            WeightBlock("b0", 0, trunk, TOKENS, title="Trunk"),
            WeightBlock("b1", trunk, rest, "b0", title="First branch"),
            WeightBlock("b2", second, rest - skipped, "b0", title="Second branch"),
        ],
        MergeBlock("b3", _at_ratio("b1", "b2", values["ratio"]), title="Blend"),
    )


def _towers(n_layers: int, values: Values) -> Plan:
    """Two runs from the tokens to the end; the second leaves out layers before its last fifth."""
    skipped = int(values["skipped"])
    if skipped > n_layers - 2:
        raise _refusal(
            f"A tower of {_layers(n_layers)} keeps its first and last layer, so {skipped} are "
            "too many to leave out.",
            "Leave out fewer layers.",
        )
    second = _second_start(values)
    blocks = [WeightBlock("b0", 0, n_layers, TOKENS, title="First tower")]
    if skipped == 0:
        blocks.append(WeightBlock("b1", second, n_layers, TOKENS, title="Second tower"))
    else:
        head = max(1, (n_layers - skipped) // 5)
        foot = n_layers - skipped - head
        blocks.append(WeightBlock("b1", second, foot, TOKENS, title="Second tower, foot"))
        blocks.append(
            WeightBlock("b2", second + foot + skipped, head, "b1", title="Second tower, head")
        )
    inputs = _at_ratio("b0", blocks[-1].id, values["ratio"])
    return _merged(blocks, MergeBlock(f"b{len(blocks)}", inputs, title="Towers' merge"))


def _repeat(n_layers: int, values: Values) -> Plan:
    """Everything up to the range's end, the range again, and what comes after it."""
    first, last, again = int(values["first"]), int(values["last"]), int(values["again"])
    if not 0 <= first <= last < n_layers:
        raise _refusal(
            f"The model has no layers from {first} to {last}.",
            f"Choose a first layer that is not after the last, from 0 to {n_layers - 1}.",
        )
    end = last + 1
    parts = [("", 0, end), *((f"Repeat {n + 1}", first, end - first) for n in range(again))]
    if end < n_layers:
        parts.append(("", end, n_layers - end))
    return _chain(parts)


def _leave_out(n_layers: int, values: Values) -> Plan:
    """All layers but some that lie evenly between the first and the last ones that are kept."""
    skipped, first, last = int(values["skipped"]), int(values["first"]), int(values["last"])
    room = n_layers - first - last
    if skipped > room or skipped >= n_layers:
        raise _refusal(
            f"Between the first {first} and the last {last} there are {_layers(max(0, room))}, "
            f"too few to leave out {skipped}.",
            "Leave out fewer layers, or keep fewer.",
        )
    layers_out = {first + int((n + 0.5) * room / skipped) for n in range(skipped)}
    left = runs(layer for layer in range(n_layers) if layer not in layers_out)
    return _chain([("", run.start, len(run)) for run in left])


def _chain(parts: Sequence[tuple[str, int, int]]) -> Plan:
    """One block after the other, each with a title, a first weight layer and a length."""
    plan = Plan()
    for n, (title, start, n_layers) in enumerate(parts):
        source = f"b{n - 1}" if n else TOKENS
        plan = edits.add_block(plan, WeightBlock(f"b{n}", start, n_layers, source, title=title))
    return edits.connect_output(plan, f"b{len(parts) - 1}")


def _merged(blocks: Sequence[WeightBlock], merge: MergeBlock) -> Plan:
    plan = Plan()
    for block in blocks:
        plan = edits.add_block(plan, block)
    return edits.connect_output(edits.add_block(plan, merge), merge.id)


def _at_ratio(first: str, second: str, ratio: float) -> tuple[MergeInput, ...]:
    return MergeInput(first, round(ratio, 6)), MergeInput(second, round(1.0 - ratio, 6))


def _second_start(values: Values) -> int:
    return int(values.get(SECOND_START, 0))


def _layers(n: int) -> str:
    return f"{n} layer{'' if n == 1 else 's'}"


def _refusal(message: str, fix: str) -> PlanError:
    return PlanError([Problem("template", message, fix)])


_SLICES = (
    Number("length", "Layers in a slice", lambda n: max(1, n * 2 // 5), 1, lambda n: n),
    Number("overlap", "Layers that overlap", lambda n: n // 5, 0, lambda n: max(0, n - 1)),
)
_SKIPPED_BY_SECOND = Number(
    "skipped", "Left out in the second", lambda n: n // 8, 0, lambda n: max(0, n - 2)
)
_RATIO = Number("ratio", "Share of the first", lambda n: 0.7, 0.0, lambda n: 1.0, 2)

TEMPLATES: tuple[Template, ...] = (
    Template("whole-model", "Whole model", "All layers in order, as without a plan.", (), _whole),
    Template(
        "two-model-stack",
        "Two-model stack",
        "Overlapping slices of two models in turn, as in the 20B merges.",
        _SLICES,
        _stack,
    ),
    Template(
        "inverted-stack",
        "Two-model stack, inverted",
        "The same slices, with the two models swapped.",
        _SLICES,
        _inverted_stack,
    ),
    Template(
        "parallel-branches",
        "Parallel branches",
        "A trunk feeds two branches, which are merged at a ratio.",
        (
            Number(
                "trunk",
                "Layers of the trunk",
                lambda n: max(1, n * 3 // 4),
                1,
                lambda n: max(1, n - 1),
            ),
            _SKIPPED_BY_SECOND,
            _RATIO,
        ),
        _branches,
    ),
    Template(
        "two-towers",
        "Two towers",
        "Two runs through the model from the token input, merged at the end.",
        (_SKIPPED_BY_SECOND, _RATIO),
        _towers,
    ),
    Template(
        "repeat-range",
        "Repeat a range",
        "Some layers run more than once; they are in memory once.",
        (
            Number("first", "First layer", lambda n: n // 3, 0, lambda n: max(0, n - 1)),
            Number("last", "Last layer", lambda n: n // 2, 0, lambda n: max(0, n - 1)),
            Number("again", "Extra runs", lambda n: 1, 1, lambda n: _MOST_RUNS, 0, " ×"),
        ),
        _repeat,
    ),
    Template(
        "leave-layers-out",
        "Leave layers out",
        "Evenly spaced layers are left out, and take no memory.",
        (
            Number("skipped", "Layers left out", lambda n: n // 10, 0, lambda n: max(0, n - 1)),
            Number("first", "First layers kept", lambda n: min(4, n // 4), 0, lambda n: n),
            Number("last", "Last layers kept", lambda n: min(2, n // 4), 0, lambda n: n),
        ),
        _leave_out,
    ),
)
