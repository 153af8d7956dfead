"""What a recipe must compute on a model of the architecture llama, in numpy.

It shares no code with llama.cpp: a second opinion on graphs that no ordinary file stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from gguf import GGUFReader, quants

from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight


class Reference:
    """The model of a GGUF file, computed with numbers of type `dtype`."""

    def __init__(self, path: Path, dtype: type[np.floating] = np.float64) -> None:
        reader = GGUFReader(path)
        self._tensors = {
            t.name: quants.dequantize(t.data, t.tensor_type).astype(dtype) for t in reader.tensors
        }
        read = {name: field.contents for name, field in reader.fields.items()}
        self._n_head = read["llama.attention.head_count"]()
        self._n_head_kv = read["llama.attention.head_count_kv"]()
        self._epsilon = read["llama.attention.layer_norm_rms_epsilon"]()
        self._dtype = dtype

    def logits(self, tokens: Sequence[int], recipes: Recipe | Sequence[Recipe]) -> np.ndarray:
        """np (n_tokens, n_vocab). Recipes one a token may differ in their scales: each token is
        then read at its own, and sees what the earlier ones left in the KV cache at theirs."""
        by_token = [recipes] * len(tokens) if isinstance(recipes, Recipe) else list(recipes)
        embeddings = self._tensors["token_embd.weight"][list(tokens)]
        outputs = {-1: embeddings}
        for number, block in enumerate(by_token[0].blocks):
            if isinstance(block, RecipeWeight):
                stream = outputs[block.input]
                for i in range(block.end - block.start):
                    stream = self._layer(block.weight_start + i, stream)
                outputs[number] = stream
            else:
                outputs[number] = np.zeros_like(embeddings)
                for i, (source, _) in enumerate(block.inputs):
                    scales = [_scale(recipe, number, i) for recipe in by_token]
                    column = np.array(scales, np.float32).astype(self._dtype)[:, None]
                    outputs[number] += column * outputs[source]
        last = outputs[len(by_token[0].blocks) - 1]
        head = self._tensors.get("output.weight", self._tensors["token_embd.weight"])
        return self._norm(last, "output_norm") @ head.T

    def hidden_states(self, tokens: Sequence[int], layers: Sequence[int]) -> list[np.ndarray]:
        """np (n_tokens, n_embd) each: what enters the first of these layers, run one after the
        other, and what leaves each of them."""
        states = [self._tensors["token_embd.weight"][list(tokens)]]
        for layer in layers:
            states.append(self._layer(layer, states[-1]))
        return states

    def _layer(self, n: int, x: np.ndarray) -> np.ndarray:
        """np (n_tokens, n_embd) -> the same."""
        x = x + self._attention(n, self._norm(x, f"blk.{n}.attn_norm"))
        h = self._norm(x, f"blk.{n}.ffn_norm")
        gate = self._project(h, f"blk.{n}.ffn_gate")
        gate = gate / (1 + np.exp(-gate))
        return x + self._project(gate * self._project(h, f"blk.{n}.ffn_up"), f"blk.{n}.ffn_down")

    def _attention(self, n: int, h: np.ndarray) -> np.ndarray:
        """Causal, each key/value head shared by a group of query heads."""
        n_tokens = len(h)
        q = self._project(h, f"blk.{n}.attn_q").reshape(n_tokens, self._n_head, -1)
        k = self._project(h, f"blk.{n}.attn_k").reshape(n_tokens, self._n_head_kv, -1)
        v = self._project(h, f"blk.{n}.attn_v").reshape(n_tokens, self._n_head_kv, -1)
        n_group = self._n_head // self._n_head_kv
        k = np.repeat(_rotated(k), n_group, axis=1)
        v = np.repeat(v, n_group, axis=1)
        scores = np.einsum("thd,shd->hts", _rotated(q), k) / self._dtype(q.shape[-1]) ** 0.5
        later = np.triu(np.ones((n_tokens, n_tokens), bool), 1)
        scores = np.where(later, -np.inf, scores)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed = np.einsum("hts,shd->thd", weights, v).reshape(n_tokens, -1)
        return self._project(mixed, f"blk.{n}.attn_output")

    def _project(self, x: np.ndarray, name: str) -> np.ndarray:
        return x @ self._tensors[f"{name}.weight"].T

    def _norm(self, x: np.ndarray, name: str) -> np.ndarray:
        mean_square = np.mean(x * x, axis=-1, keepdims=True)
        unit = x / np.sqrt(mean_square + self._dtype(self._epsilon))
        return unit * self._tensors[f"{name}.weight"]


def _scale(recipe: Recipe, block: int, input: int) -> float:
    merge = recipe.blocks[block]
    assert isinstance(merge, RecipeMerge)
    return merge.inputs[input][1]


def _rotated(heads: np.ndarray) -> np.ndarray:
    """Rotary embedding of np (n_tokens, n_heads, n_embd_head), of pairs of neighbours."""
    n_tokens, _, n = heads.shape
    angles = np.outer(np.arange(n_tokens), 10_000.0 ** (-np.arange(0, n, 2) / n))[:, None, :]
    cos, sin = np.cos(angles).astype(heads.dtype), np.sin(angles).astype(heads.dtype)
    even, odd = heads[..., ::2], heads[..., 1::2]
    rotated = np.empty_like(heads)
    rotated[..., ::2] = even * cos - odd * sin
    rotated[..., 1::2] = even * sin + odd * cos
    return rotated
