"""A reply while it comes: its text and its record, written into the conversation, and how fast."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from app.conversations.conversation import Conversation, Message
from app.conversations.reply_record import ReplyRecord
from app.conversations.scale_moves import ScaleMove, ScaleMoves
from app.engine.messages import Reply, ScalesMoved, TextPiece
from app.ui.chat.reply_footer import footer_of


class ReplyInProgress:
    """One reply to one request: a new message of the conversation, or more of an earlier one.

    `text` is all there is of it so far, `tokens` what came of it since it was asked for. The
    conversation has the same after each `take`; no view is needed.
    """

    def __init__(
        self,
        conversation: Conversation,
        prompt: str,
        record: ReplyRecord,
        begun: str = "",
        continues: str = "",
    ) -> None:
        """`prompt` is the message that it answers, `begun` the text that it begins with, and
        `continues` the reply that it continues, '' for a new one."""
        self._conversation = conversation
        self._before = conversation.messages[continues] if continues else None
        earlier = self._before.record if self._before is not None else None
        self._moves = ScaleMoves(earlier.moves if earlier is not None else ())
        self._begun = begun
        self.id = continues or conversation.add("assistant", "", prompt).id
        self.record = replace(record, moves=self.moves)
        self.text = begun
        self.tokens: list[str] = []
        self._write()

    @property
    def moves(self) -> tuple[ScaleMove, ...]:
        """The scales that moved while it came, those before its last token in its record too."""
        return self._moves.all

    @property
    def footer(self) -> str:
        """The line under it, once no more comes."""
        return footer_of(self._message.record)

    def take(self, events: Iterable[object]) -> list[str]:
        """Take in what the engine sent; the tokens among it."""
        n_said, tokens = len(self.text), []
        for event in events:
            if isinstance(event, TextPiece):
                tokens.append(event.text)
                n_said += len(event.text)
            elif isinstance(event, ScalesMoved):
                moves = (ScaleMove(n_said, *scale) for scale in event.scales)
                self._moves.add(moves, time.monotonic())
        if tokens:
            self.tokens += tokens
            self.text += "".join(tokens)
            self.record = replace(self.record, moves=self.moves)
            self._write()
        return tokens

    def finish(self, reply: Reply, remark: str = "", recipe: str = "") -> Message:
        """The whole reply, with how it went; `recipe` is the plan that ended it, '' for the one
        that began it."""
        self.text = self._begun + reply.text
        self.record = replace(
            self.record,
            recipe=recipe or self.record.recipe,
            remark=remark,
            moves=self.moves,
            statistics=reply.statistics,
        )
        return self._write()

    def settle(self) -> bool:
        """Whether there is a reply, now that no more comes. Where nothing came the conversation is
        as it was before."""
        if self._before is None:
            if not self.text:
                self._conversation.remove(self.id)
            return bool(self.text)
        if self.text == self._before.text:
            self._message = self._conversation.write(self.id, self.text, self._before.record)
        return True

    def _write(self) -> Message:
        self._message = self._conversation.write(self.id, self.text, self.record)
        return self._message


class Speedometer:
    """How fast something comes: `per_s` since the first, worth a look twice a second."""

    def __init__(self) -> None:
        self._n = 0
        self._began: float | None = None
        self._looked = 0.0
        self.per_s = 0.0

    def count(self, n: int) -> bool:
        """Count so many that just came; True when `per_s` is new."""
        now = time.monotonic()
        if self._began is None:
            self._began = self._looked = now
            return False
        self._n += n
        if now - self._looked < 0.5:
            return False
        self._looked = now
        self.per_s = self._n / (now - self._began)
        return True
