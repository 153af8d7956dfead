"""A model's vocabulary: text to tokens and back."""

from __future__ import annotations

import codecs
import ctypes
from typing import Any

from app.engine.native import NativeError, llama


class Vocabulary:
    """The vocabulary of a loaded model, for as long as the model lives."""

    def __init__(self, model: Any) -> None:
        self.handle = llama.llama_model_get_vocab(model)
        self.n_tokens: int = llama.llama_vocab_n_tokens(self.handle)
        self.adds_bos: bool = llama.llama_vocab_get_add_bos(self.handle)
        self.bos: int = llama.llama_vocab_bos(self.handle)
        self.eos: int = llama.llama_vocab_eos(self.handle)

    def tokenize(self, text: str, *, add_special: bool) -> list[int]:
        """Tokens of a text, special ones in it read as such; `add_special` adds BOS and EOS where
        the model asks for them."""
        data = text.encode(errors="replace")
        room = len(data) + 2
        tokens = (llama.llama_token * room)()
        n = llama.llama_tokenize(self.handle, data, len(data), tokens, room, add_special, True)
        if n < 0:
            raise NativeError(f"the text could not be tokenized (it needs {-n} tokens)")
        return tokens[:n]

    def is_end(self, token: int) -> bool:
        """Whether the token ends a reply."""
        return bool(llama.llama_vocab_is_eog(self.handle, token))

    def is_control(self, token: int) -> bool:
        """Whether the token stands for no text, but marks where something begins or ends."""
        return bool(llama.llama_vocab_is_control(self.handle, token))

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """The bytes of one token; those of special tokens only with `special`."""
        room = 64
        while True:
            piece = ctypes.create_string_buffer(room)
            n = llama.llama_token_to_piece(self.handle, token, piece, room, 0, special)
            if n >= 0:
                return piece.raw[:n]
            room = -n

    def special_text(self, token: int) -> str:
        """The text that stands for a special token, '' where the model has none."""
        return self.piece(token, special=True).decode(errors="replace") if token >= 0 else ""


class PieceDecoder:
    """Joins tokens' bytes into whole characters."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._utf8 = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def add(self, token: int) -> str:
        """The text that the token completes, '' while a character is still in parts."""
        return self._utf8.decode(self._vocabulary.piece(token))

    def rest(self) -> str:
        """What is left when no token follows."""
        return self._utf8.decode(b"", final=True)
