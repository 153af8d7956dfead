"""The chain of layers that stands for a plan, and why there is none."""

from __future__ import annotations

from fractions import Fraction

import pytest

from app.plan.chain import Chain, NoChain, chain_of
from app.plan.recipe import Recipe, RecipeBlock, RecipeMerge, RecipeWeight


def weights(start: int, end: int, weight_start: int, input: int) -> RecipeWeight:
    return RecipeWeight(start, end, weight_start, input)


def merge(*inputs: tuple[int, float]) -> RecipeMerge:
    return RecipeMerge(inputs)


def chain(*blocks: RecipeBlock) -> Chain:
    return chain_of(Recipe(blocks))


def shares(chain: Chain) -> list[dict[int, float]]:
    return [{layer: float(share) for layer, share in it.items()} for it in chain.layers]


START, FIRST, SECOND = weights(0, 2, 0, -1), weights(2, 4, 2, 0), weights(4, 6, 6, 0)
"""Two layers that are common to two branches of two."""


def test_without_merges_the_chain_is_what_runs() -> None:
    found = chain(weights(0, 2, 3, -1), weights(2, 3, 9, 0), weights(3, 5, 0, 0))
    assert shares(found) == [{3: 1}, {4: 1}, {0: 1}, {1: 1}]  # block 1 reaches nothing
    assert found.is_exact
    assert found.n_averaged == 0


def test_branches_are_averaged_layer_by_layer() -> None:
    found = chain(START, FIRST, SECOND, merge((1, 0.25), (2, 0.75)), weights(6, 7, 4, 3))
    assert shares(found) == [
        {0: 1},
        {1: 1},
        {2: 0.25, 6: 0.75},
        {3: 0.25, 7: 0.75},
        {4: 1},
    ]
    assert found.merges == (3,)
    assert not found.is_exact
    assert found.n_averaged == 2


def test_inputs_at_scale_0_count_for_nothing_whatever_their_length() -> None:
    long = weights(4, 9, 0, 0)
    found = chain(START, FIRST, long, merge((1, 1.0), (2, 0.0)))
    assert shares(found) == [{0: 1}, {1: 1}, {2: 1}, {3: 1}]
    assert (found.merges, found.n_averaged) == ((3,), 0)


def test_scales_are_the_decimals_that_are_written() -> None:
    three = (START, FIRST, SECOND, weights(6, 8, 8, 0), merge((1, 0.1), (2, 0.2), (3, 0.7)))
    found = chain(*three, weights(8, 9, 0, 4))
    assert found.layers[2] == {2: Fraction(1, 10), 6: Fraction(2, 10), 8: Fraction(7, 10)}


def test_a_negative_scale_takes_away() -> None:
    found = chain(START, FIRST, SECOND, merge((1, 1.5), (2, -0.5)))
    assert shares(found)[2:] == [{2: 1.5, 6: -0.5}, {3: 1.5, 7: -0.5}]


def test_merges_of_merges_and_whole_towers() -> None:
    towers = (
        weights(0, 1, 0, -1),
        weights(1, 2, 1, -1),
        weights(2, 3, 2, -1),
        merge((0, 0.5), (1, 0.5)),
        merge((3, 0.5), (2, 0.5)),
    )
    found = chain(*towers)
    assert shares(found) == [{0: 0.25, 1: 0.25, 2: 0.5}]
    assert found.merges == (3, 4)


def test_a_block_merged_with_itself_is_not_averaged_but_not_what_runs_either() -> None:
    found = chain(START, merge((0, 0.3), (0, 0.7)))
    assert shares(found) == [{0: 1}, {1: 1}]
    assert found.merges == (1,)


def test_what_cancels_out_is_not_in_the_average() -> None:
    found = chain(START, FIRST, SECOND, merge((1, 1), (2, 0.3), (2, -0.3)))
    assert shares(found)[2] == {2: 1}


def test_a_factor_may_reach_the_output_norm_which_takes_it_away() -> None:
    found = chain(START, FIRST, SECOND, merge((1, 0.5), (2, 1.5)))
    assert shares(found)[2] == {2: 0.25, 6: 0.75}
    doubled = (START, FIRST, SECOND, merge((1, 1), (2, 1)), merge((3, 0.25), (2, 0.5)))
    assert shares(chain(*doubled))[2] == {2: 0.25, 6: 0.75}


@pytest.mark.parametrize(
    ("blocks", "at", "words"),
    [
        (
            (START, FIRST, weights(4, 5, 6, 0), merge((1, 0.5), (2, 0.5))),
            3,
            "4 layers .by block 1. and 3 layers .by block 2.",
        ),
        ((START, merge((0, 0.5), (-1, 0.5))), 1, "2 layers .by block 0. and 0 layers"),
        ((START, FIRST, SECOND, merge((1, 1), (2, -1))), 3, "add up to 0"),
        ((START, FIRST, SECOND, merge((1, 1), (2, -2.5))), 3, "add up to -1.5"),
        ((START, FIRST, SECOND, merge((1, 0.0), (2, 0.0))), 3, "add up to 0"),
        ((START, merge((0, 0.0), (-1, 1.0))), 1, "No layer reaches the output"),
        (
            (START, FIRST, SECOND, merge((1, 0.5), (2, 0.75)), weights(6, 7, 0, 3)),
            3,
            "add up to 1.25, and block 4 comes after it",
        ),
    ],
)
def test_why_there_is_none(blocks: tuple[RecipeBlock, ...], at: int, words: str) -> None:
    with pytest.raises(NoChain, match=words) as raised:
        chain(*blocks)
    assert raised.value.block == at
