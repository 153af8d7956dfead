"""Chat templates: a conversation as the text that a model was trained to read."""

from __future__ import annotations

from collections.abc import Sequence

from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from app.engine.messages import ChatMessage
from app.engine.thinking import split_thinking


class TemplateError(Exception):
    """The template does not parse, or refuses the conversation; the message says why."""


class ChatTemplate:
    """A Jinja chat template, rendered in a sandbox that reaches neither files nor network."""

    def __init__(self, source: str, *, bos: str, eos: str) -> None:
        try:
            self._format = Jinja2ChatFormatter(source, eos_token=eos, bos_token=bos)
        except Exception as error:  # a template can raise anything
            raise TemplateError(f"The model's chat template cannot be read: {error}") from error

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
        asked = ChatMessage("user", "?")
        try:
            with_mark = self._render((ChatMessage("system", mark), asked))
            without = self._render((asked,))
        except TemplateError:
            return ""
        before, found, after = with_mark.partition(mark)
        fits = without.startswith(before) and without.endswith(after)
        if not found or not fits or len(without) < len(before) + len(after):
            return ""
        return without[len(before) : len(without) - len(after)]

    def _render(self, messages: Sequence[ChatMessage]) -> str:
        turns = [_turn(message) for message in messages]
        try:
            return self._format(messages=turns).prompt  # type: ignore[arg-type]
        except Exception as error:  # a template can raise anything
            raise TemplateError(
                f"The model's chat template refuses this conversation: {error}"
            ) from error


def _turn(message: ChatMessage) -> dict[str, str]:
    """A turn as templates know them: what the model thought is beside its answer, so that only
    templates which send it back do so."""
    if message.role != "assistant":
        return {"role": message.role, "content": message.content}
    parts = split_thinking(message.content)
    turn = {"role": message.role, "content": parts.answer}
    return {**turn, "reasoning_content": parts.thought.rstrip()} if parts.thought else turn
