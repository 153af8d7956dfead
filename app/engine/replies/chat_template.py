"""Chat templates: a conversation as the text that a model was trained to read."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

from app.engine.messages import ChatMessage
from app.engine.native import NativeError, llama
from app.engine.replies.sandbox import compiled
from app.engine.replies.thinking import split_thinking


class TemplateError(Exception):
    """The template does not parse, or refuses the conversation; the message says why."""


class ChatTemplate:
    """A Jinja chat template, rendered in a sandbox that reaches neither files nor network."""

    def __init__(
        self, source: str, *, bos: str, eos: str, name: str = "The model's chat template"
    ) -> None:
        """`name` begins what is said of the template where it fails."""
        self._name = name
        self._tokens = {"bos_token": bos, "eos_token": eos}
        try:
            self._format = compiled(source)
        except Exception as error:  # a template can raise anything
            raise TemplateError(f"{name} cannot be read: {_reason(error)}") from error

    def render(self, messages: Sequence[ChatMessage]) -> str:
        """The prompt that asks for the next assistant message.

        An empty system message that the template has no place for is left out.
        """
        try:
            return self._render(messages)
        except TemplateError:
            if messages and messages[0] == ChatMessage("system", ""):
                return self._render(messages[1:])
            raise

    def default_system(self) -> str:
        """The system message that the template sends when none is given, '' for none."""
        mark = "\x02system\x03"
        question = ChatMessage("user", "?")
        try:
            with_mark = self._render((ChatMessage("system", mark), question))
            without = self._render((question,))
        except TemplateError:
            return ""
        before, has_mark, after = with_mark.partition(mark)
        fits = without.startswith(before) and without.endswith(after)
        if not has_mark or not fits or len(without) < len(before) + len(after):
            return ""
        return without[len(before) : len(without) - len(after)]

    def _render(self, messages: Sequence[ChatMessage]) -> str:
        turns = [_turn(message) for message in messages]
        try:
            return self._format(messages=turns, add_generation_prompt=True, **self._tokens)
        except Exception as error:  # a template can raise anything
            raise TemplateError(
                f"{self._name} does not work for this conversation: {_reason(error)}. Choose "
                "another one in Reply settings (--chat-template on the command line)."
            ) from error


def apply_known(name: str, messages: Sequence[ChatMessage]) -> str:
    """The prompt by one of llama.cpp's own templates, KNOWN_TEMPLATES. Raises NativeError."""
    turns = [_turn(message) for message in messages]
    chat = (llama.llama_chat_message * len(turns))(
        *(
            llama.llama_chat_message(turn["role"].encode(), _bytes(turn["content"]))
            for turn in turns
        )
    )
    room = 0
    while True:
        buffer = ctypes.create_string_buffer(room + 1)
        n: int = llama.llama_chat_apply_template(
            name.encode(), chat, len(turns), True, buffer, room
        )
        if n < 0:
            raise NativeError(f"the chat template “{name}” cannot be used for this conversation")
        if n <= room:
            return buffer.raw[:n].decode(errors="replace")
        room = n


def as_plain_text(messages: Sequence[ChatMessage]) -> str:
    """What was said, without any marks, for the model to continue."""
    text = ""
    for message in messages:
        text += "\n" if text and message.role == "user" else ""
        text += message.content
    return text


def _bytes(text: str) -> bytes:
    """The text for C, which ends it at a zero."""
    return text.replace("\0", "").encode(errors="replace")


def _reason(error: Exception) -> str:
    """What went wrong, without a full stop."""
    return (str(error) or type(error).__name__).rstrip(".")


def _turn(message: ChatMessage) -> dict[str, str]:
    """A turn as templates know them: what the model thought is beside its answer, so that only
    templates which send it back do so."""
    if message.role != "assistant":
        return {"role": message.role, "content": message.content}
    parts = split_thinking(message.content)
    turn = {"role": message.role, "content": parts.answer}
    return {**turn, "reasoning_content": parts.thought.rstrip()} if parts.thought else turn
