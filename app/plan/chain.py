"""The chain of layers that a recipe is, or that comes near it: what an ordinary model file can
hold.

A merge adds up outputs. Where its branches are chains of equally many layers, the chain whose
layers have the scaled average of the branches' weights comes near it: with f_i(x) the output of
branch i, s_i its scale and S the sum of the scales, S * f(x; sum(s_i / S * w_i)) is
sum(s_i * f_i(x; w_i)) up to terms of the second order in what the weights differ by (Wortsman et
al., "Model soups", 2022). S itself is a factor of the residual stream, which the output norm takes
away; no ordinary file can apply it where more layers follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight

Shares = Mapping[int, Fraction]
"""Of each weight layer in the average that is one layer of the chain; they add up to 1."""


class NoChain(Exception):
    """Why no ordinary file comes near the recipe; `block` is the file's number of the block at
    fault."""

    def __init__(self, block: int, message: str) -> None:
        super().__init__(message)
        self.block = block


@dataclass(frozen=True, slots=True)
class Chain:
    """Layers that run one after the other from the token input to the output."""

    layers: tuple[Shares, ...]
    merges: tuple[int, ...]
    """The file's numbers of the blocks that add outputs up; without any, the chain is what runs."""

    @property
    def is_exact(self) -> bool:
        """Whether the recipe runs just these layers; even a sum of 1 and 0 times may round."""
        return not self.merges

    @property
    def n_averaged(self) -> int:
        """How many layers are an average of several weight layers."""
        return sum(len(shares) > 1 for shares in self.layers)


@dataclass(frozen=True, slots=True)
class _Output:
    """What a block gives: the output of a chain, times a factor."""

    layers: tuple[Shares, ...] = ()
    factor: Fraction = Fraction(1)
    merges: frozenset[int] = frozenset()


def chain_of(recipe: Recipe) -> Chain:
    """The chain that stands for the recipe. Inputs at scale 0 count for nothing.

    Raises NoChain where branches have different lengths, where the scales of a merge add up to 0
    or less, where they do not add up to 1 before further layers, and where no layer is heard.
    """
    outputs = {-1: _Output()}
    for number in _heard(recipe):
        block = recipe.blocks[number]
        if isinstance(block, RecipeWeight):
            outputs[number] = _continued(recipe, number, block, outputs[block.input])
        else:
            pairs = [(input, scale) for input, scale in _exact_inputs(block) if scale]
            outputs[number] = _merged(recipe, number, pairs, outputs)
    output = outputs[len(recipe.blocks) - 1]
    if not output.layers:
        last = recipe.file_number(len(recipe.blocks) - 1)
        raise NoChain(
            last,
            f"No layer reaches the output of block {last}: all scales on the way are 0. Change "
            "one of them.",
        )
    return Chain(output.layers, tuple(sorted({recipe.file_number(n) for n in output.merges})))


def _heard(recipe: Recipe) -> list[int]:
    """The blocks that the output depends on through scales other than 0, in file order."""
    reachable = {len(recipe.blocks) - 1}
    for number in range(len(recipe.blocks) - 1, -1, -1):
        if number in reachable:
            block = recipe.blocks[number]
            if isinstance(block, RecipeWeight):
                reachable.add(block.input)
            else:
                reachable.update(input for input, scale in block.inputs if scale)
    return sorted(reachable - {-1})


def _exact_inputs(merge: RecipeMerge) -> list[tuple[int, Fraction]]:
    """The scales as the decimals that they are written as: 0.1 + 0.2 + 0.7 is 1."""
    return [(input, Fraction(repr(scale))) for input, scale in merge.inputs]


def _continued(recipe: Recipe, number: int, block: RecipeWeight, before: _Output) -> _Output:
    if before.factor != 1:
        scaled_number, number = recipe.file_number(block.input), recipe.file_number(number)
        raise NoChain(
            scaled_number,
            f"The scales of block {scaled_number} add up to {_decimal(before.factor)}, and block "
            f"{number} comes after it: an ordinary file cannot scale what passes from layer to "
            "layer. Make them add up to 1.",
        )
    first = block.weight_start
    n_layers = block.end - block.start
    layer_shares = tuple({layer: Fraction(1)} for layer in range(first, first + n_layers))
    return _Output(before.layers + layer_shares, before.factor, before.merges)


def _merged(
    recipe: Recipe,
    number: int,
    pairs: Sequence[tuple[int, Fraction]],
    outputs: Mapping[int, _Output],
) -> _Output:
    in_file = recipe.file_number
    scales = [scale * outputs[input].factor for input, scale in pairs]
    factor = sum(scales, Fraction(0))
    if factor <= 0:
        raise NoChain(
            in_file(number),
            f"The scales of block {in_file(number)} add up to {_decimal(factor)}, so they have no "
            "average. Make them add up to 1.",
        )
    first = outputs[pairs[0][0]]
    for input, _ in pairs[1:]:
        if len(outputs[input].layers) != len(first.layers):
            own, one, other = map(in_file, (number, pairs[0][0], input))
            raise NoChain(
                own,
                f"Block {own} merges outputs that have passed {len(first.layers)} layers (by "
                f"block {one}) and {len(outputs[input].layers)} layers (by block {other}). Weights "
                "can be averaged only where all branches have the same number of layers.",
            )
    merges = frozenset({number}).union(*(outputs[input].merges for input, _ in pairs))
    shares = [scale / factor for scale in scales]
    stacks = zip(*(outputs[input].layers for input, _ in pairs), strict=True)
    layers = tuple(_average(layers, shares) for layers in stacks)
    return _Output(layers, factor, merges)


def _average(layers: Sequence[Shares], shares: Sequence[Fraction]) -> Shares:
    if all(layer is layers[0] for layer in layers):
        return layers[0]
    total: dict[int, Fraction] = {}
    for layer, share in zip(layers, shares, strict=True):
        for weight_layer, part in layer.items():
            total[weight_layer] = total.get(weight_layer, Fraction(0)) + share * part
    return {weight_layer: part for weight_layer, part in total.items() if part}


def _decimal(number: Fraction) -> str:
    return f"{float(number):.6g}"
