"""Block Influence: how much each layer turns the hidden state that passes through it."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np

from app.engine.native import llama
from app.model_files.model_file import ModelFile, weight_layers_of
from app.plan.recipe import Recipe, RecipeWeight

_TOKEN_INPUT = b"blocks_token_input"  # LLAMA_BLOCKS_TOKEN_INPUT of llama-blocks.h
_LAYER_OUTPUT = b"l_out-"

_name_of = llama._lib.ggml_get_name
_name_of.restype, _name_of.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
_n_bytes_of = llama._lib.ggml_nbytes
_n_bytes_of.restype, _n_bytes_of.argtypes = ctypes.c_size_t, [ctypes.c_void_p]
_read_tensor = llama._lib.ggml_backend_tensor_get
_read_tensor.restype = None
_read_tensor.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t]


def layers_in_order(models: Sequence[ModelFile], source: int) -> list[int]:
    """The weight layers of a source, amid those of the first one that it does not hold."""
    by_file_layer: dict[int, int] = {}
    for number, at in enumerate(weight_layers_of(models)):
        if at.source in (0, source):
            by_file_layer[models[at.source].layers[at.index]] = number
    return [by_file_layer[layer] for layer in sorted(by_file_layer)]


def chain(layers: Sequence[int]) -> Recipe:
    """These weight layers one after the other, and the last one again: llama.cpp's last layer
    keeps only the rows that give logits, so the last that is measured must not be it."""
    blocks = [RecipeWeight(n, n + 1, layer, n - 1) for n, layer in enumerate((*layers, layers[-1]))]
    return Recipe(tuple(blocks))


class PassedStates:
    """Takes the hidden states from a decode of a chain, and adds up what its layers do to them.

    `on_tensor` is for `Context`.
    """

    def __init__(self, n_layers: int, n_embd: int) -> None:
        self._n_embd = n_embd
        self._places = {_LAYER_OUTPUT + str(n).encode(): n + 1 for n in range(n_layers)}
        self._places[_TOKEN_INPUT] = 0
        self._angles = np.zeros(n_layers)
        self.n_tokens = 0
        self._entering: np.ndarray
        self._entering_norms: np.ndarray

    def on_tensor(self, tensor: int, ask: bool) -> bool:
        """Whether the tensor is wanted, and when the library does not `ask`, its arrival."""
        place = self._places.get(_name_of(tensor))
        if place is None or ask:
            return place is not None
        state = np.empty((_n_bytes_of(tensor) // (4 * self._n_embd), self._n_embd), np.float32)
        _read_tensor(tensor, state.ctypes.data, 0, state.nbytes)
        norms = np.sqrt(np.einsum("ij,ij->i", state, state))
        if place == 0:
            self.n_tokens += len(state)
        else:
            products = np.einsum("ij,ij->i", state, self._entering)
            lengths = np.maximum(norms * self._entering_norms, np.finfo(np.float32).tiny)
            self._angles[place - 1] += float((1 - products / lengths).sum(dtype=np.float64))
        self._entering, self._entering_norms = state, norms
        return True

    def influence(self) -> list[float]:
        """Block Influence by the layer's place in the chain, over the tokens so far."""
        return [float(value) for value in self._angles / max(self.n_tokens, 1)]
