"""The search for layers to leave out, on tables of losses instead of a model."""

from __future__ import annotations

import asyncio
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from app.fit.search import LayerSet, by_influence, by_score

LAYERS = range(2, 12)
EQUAL = dict.fromkeys(LAYERS, 10)


def searched(
    loss: dict[LayerSet, float], n_out: int, first_guess: LayerSet
) -> tuple[LayerSet, list[LayerSet]]:
    """What the search finds on a table, and what it asked for."""
    asked: list[LayerSet] = []

    async def score(left_out: LayerSet) -> float:
        asked.append(left_out)
        return loss[left_out]

    found = asyncio.run(by_score(LAYERS, EQUAL, 10 * n_out, score, score, first_guess))
    return found, asked


def table(single: dict[int, float], together: dict[LayerSet, float]) -> dict[LayerSet, float]:
    """Losses that add up but for pairs that are missed more (or less) together."""
    sets = [frozenset(s) for n in range(5) for s in combinations(LAYERS, n)]
    return {
        s: sum(single[n] for n in s) + sum(more for pair, more in together.items() if pair <= s)
        for s in sets
    }


def test_influence_takes_the_least_and_stops_when_enough_is_free() -> None:
    influence = {2: 0.5, 3: 0.1, 4: 0.3, 5: 0.2, 6: 0.4}
    assert by_influence(influence, EQUAL, 1) == {3}
    assert by_influence(influence, EQUAL, 20) == {3, 5}
    assert by_influence(influence, EQUAL, 21) == {3, 4, 5}
    assert by_influence(influence, EQUAL, 0) == frozenset()
    assert by_influence(influence, EQUAL, 10_000) == set(influence)


def test_influence_weighs_bytes_and_keeps_what_a_large_layer_makes_superfluous() -> None:
    influence = {2: 0.1, 3: 0.2, 4: 0.5}
    assert by_influence(influence, {2: 10, 3: 10, 4: 100}, 15) == {4}
    assert by_influence(influence, {2: 10, 3: 10, 4: 100}, 105) == {2, 4}


def test_two_layers_that_are_not_missed_by_themselves_but_together_are_not_both_taken() -> None:
    single = {n: 0.1 * n for n in LAYERS}
    loss = table(single, {frozenset({2, 3}): 5.0})
    found, _ = searched(loss, 2, frozenset({2, 3}))
    assert found == {2, 4}


def test_a_pair_that_helps_together_is_found_behind_the_greedy_choice() -> None:
    single = {n: 0.1 * n for n in LAYERS}
    loss = table(single, {frozenset({3, 4}): -0.5})
    found, _ = searched(loss, 2, frozenset({2, 3}))
    assert found == {3, 4}  # greedy begins with 2 and ends with {2, 3}


@given(
    st.lists(st.floats(0.01, 1), min_size=10, max_size=10),
    st.dictionaries(
        st.sampled_from([frozenset(p) for p in combinations(LAYERS, 2)]), st.floats(-0.2, 0.5)
    ),
    st.integers(1, 4),
)
def test_the_search_is_never_worse_than_greedy_or_its_first_guess(
    singles: list[float], together: dict[LayerSet, float], n_out: int
) -> None:
    loss = table(dict(zip(LAYERS, singles, strict=True)), together)
    guess = frozenset(sorted(LAYERS, key=lambda n: singles[n - 2])[:n_out])
    found, asked = searched(loss, n_out, guess)
    assert len(found) == n_out
    assert loss[found] <= loss[guess]
    greedy: LayerSet = frozenset()
    for _ in range(n_out):
        greedy = min((greedy | {n} for n in LAYERS if n not in greedy), key=lambda s: loss[s])
    assert loss[found] <= loss[greedy] + 1e-9
    assert set(asked) <= {s for s in loss if len(s) <= n_out}


def test_layers_of_unlike_size_free_enough() -> None:
    freed = {n: 10 * n for n in LAYERS}

    async def score(left_out: LayerSet) -> float:
        return float(len(left_out)) + 0.01 * sum(left_out)

    found = asyncio.run(by_score(LAYERS, freed, 100, score, score, frozenset(LAYERS)))
    assert sum(freed[n] for n in found) >= 100
    assert found == {10}
