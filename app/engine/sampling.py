"""Choosing the next token: llama.cpp's sampler chain, made from the user's settings."""

from __future__ import annotations

import ctypes
import random

from app.engine.messages import Sampling
from app.engine.native import Context, llama


class Sampler:
    """A sampler chain; `seed` is the one in use, drawn where the settings leave it open."""

    def __init__(self, settings: Sampling) -> None:
        self.seed = random.getrandbits(31) if settings.seed is None else settings.seed
        self._chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        if settings.temperature <= 0:
            steps = [llama.llama_sampler_init_greedy()]
        else:
            steps = [
                llama.llama_sampler_init_top_k(settings.top_k),
                llama.llama_sampler_init_top_p(settings.top_p, 1),
                llama.llama_sampler_init_min_p(settings.min_p, 1),
                llama.llama_sampler_init_temp(settings.temperature),
                llama.llama_sampler_init_dist(self.seed & 0xFFFFFFFF),
            ]
        for step in steps:
            llama.llama_sampler_chain_add(self._chain, step)

    def sample(self, context: Context) -> int:
        """The token that follows the last one decoded."""
        return int(llama.llama_sampler_sample(self._chain, context.handle, -1))

    @staticmethod
    def bytes(n_tokens: int) -> int:
        """What choosing one of that many tokens takes."""
        return n_tokens * ctypes.sizeof(llama.llama_token_data)

    def close(self) -> None:
        """Frees the chain."""
        llama.llama_sampler_free(self._chain)
