"""Which weight layers to leave out so that enough memory is freed at the least loss.

Pure search: what a set of layers costs in quality is asked of a score, so that any engine, or a
table in a test, can answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

LayerSet = frozenset[int]

_N_BEAM = 3
"""Sets that are carried on to one layer more."""
_N_BRANCHES = 10
"""Layers that are tried beside each of them."""
_N_FINALISTS = 6
_N_SWAPPED_IN = 8
_MOST_ROUNDS = 3

Score = Callable[[LayerSet], Awaitable[float]]
"""The mean negative log likelihood (nats) of a text without these layers."""


def by_influence(
    influence: Mapping[int, float], freed_bytes: Mapping[int, int], needed_bytes: int
) -> LayerSet:
    """Layers that free what is needed, those of the least influence for their bytes first; all of
    them where that is not enough.

    A layer that the later ones make superfluous is kept after all.
    """
    left_out: list[int] = []
    for layer in sorted(influence, key=lambda n: influence[n] / max(1, freed_bytes[n])):
        if _freed(left_out, freed_bytes) >= needed_bytes:
            break
        left_out.append(layer)
    for layer in sorted(left_out, key=lambda n: influence[n], reverse=True):
        if _freed(left_out, freed_bytes) - freed_bytes[layer] >= needed_bytes:
            left_out.remove(layer)
    return frozenset(left_out)


def about_how_many(n_layers: int, n_left_out: int) -> int:
    """How many scores `by_score` asks for, roughly."""
    widening = max(0, n_left_out - 1) * _N_BEAM * _N_BRANCHES * 4 // 5
    return n_layers + widening + _N_FINALISTS + 2 * n_left_out * _N_SWAPPED_IN


async def by_score(
    layers: Sequence[int],
    freed_bytes: Mapping[int, int],
    needed_bytes: int,
    quick_score: Score,
    score: Score,
    first_guess: LayerSet,
) -> LayerSet:
    """Layers that free what is needed and whose absence the score minds least.

    A layer more at a time, as a greedy search does, but with several sets carried on side by side,
    since two layers that are easily missed may not be missed together; then one layer is exchanged
    for another for as long as that helps. `quick_score` sorts out, `score` decides, `first_guess`
    takes part.
    """
    damage = {layer: await quick_score(frozenset({layer})) for layer in layers}
    mildest = sorted(layers, key=lambda layer: damage[layer])
    beam: list[LayerSet] = [frozenset()]
    enough: set[LayerSet] = {first_guess}
    while beam:
        longer: set[LayerSet] = set()
        for left_out in beam:
            rest = [layer for layer in mildest if layer not in left_out]
            longer |= {left_out | {layer} for layer in rest[:_N_BRANCHES]}
        frees = {s: _freed(s, freed_bytes) >= needed_bytes for s in longer}
        enough |= {s for s in longer if frees[s]}
        beam = await _best(quick_score, [s for s in longer if not frees[s]], _N_BEAM)
        for left_out in beam[:1]:
            await score(left_out)  # what each step costs is part of the answer
    best = await _best(quick_score, enough, _N_FINALISTS)
    found = (await _best(score, {*best, first_guess}, 1))[0]
    for _ in range(_MOST_ROUNDS):
        neighbours = _swaps(found, mildest, freed_bytes, needed_bytes)
        finalists = await _best(quick_score, neighbours, _N_FINALISTS // 2)
        better = (await _best(score, {found, *finalists}, 1))[0]
        if better == found:
            break
        found = better
    return found


def _swaps(
    left_out: LayerSet,
    mildest: Sequence[int],
    freed_bytes: Mapping[int, int],
    needed_bytes: int,
) -> list[LayerSet]:
    """The sets with one layer exchanged for another that still free what is needed."""
    rest = [layer for layer in mildest if layer not in left_out][:_N_SWAPPED_IN]
    sets = [left_out - {old} | {new} for old in left_out for new in rest]
    return [s for s in sets if _freed(s, freed_bytes) >= needed_bytes]


async def _best(score: Score, sets: Iterable[LayerSet], n: int) -> list[LayerSet]:
    """The n sets of the lowest scores, best first; of equal ones the lower layers' first."""
    ranking = [(await score(s), sorted(s), s) for s in sorted(set(sets), key=sorted)]
    return [s for _, _, s in sorted(ranking, key=lambda one: one[:2])[:n]]


def _freed(layers: Iterable[int], freed_bytes: Mapping[int, int]) -> int:
    return sum(freed_bytes[layer] for layer in layers)
