"""The record of a reply: what it was asked with, how it went, and where scales moved meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from app.conversations.scale_moves import ScaleMove
from app.engine.messages import ReplyStatistics
from app.plan.json_records import lenient_record


@dataclass(frozen=True, slots=True)
class ReplyRecord:
    """What a reply was made with and how it went. Files and the database hold it flat: the
    statistics' entries beside the others."""

    plan_name: str = ""
    recipe: str = ""
    """The plan as it ran, as layerBlocks text."""
    model_name: str = ""
    model_files: tuple[str, ...] = ()
    """The names of the plan's model files, in the order in which their layers count."""
    system: str | None = None
    """The system message that was sent, None for the template's own."""
    sampling: Mapping[str, Any] = field(default_factory=dict)
    n_predict: int = -1
    stop: tuple[str, ...] = ()
    chat_template: str | None = None
    """A name or a Jinja source, None for the model file's own."""
    context: Mapping[str, Any] = field(default_factory=dict)
    """How the plan was opened."""
    when_full: str = "stop"
    n_begun: int = 0
    """Characters that were there already when it went on."""
    n_ctx: int = 0
    remark: str = ""
    moves: tuple[ScaleMove, ...] = ()
    """The scales that moved while it was said."""
    statistics: ReplyStatistics = ReplyStatistics()
    """Without a `stop_reason` as long as the reply did not come to its end."""

    @property
    def has_ended(self) -> bool:
        """Whether the engine ended the reply, and not its death or the program's."""
        return bool(self.statistics.stop_reason)


def to_stored(record: ReplyRecord) -> dict[str, Any]:
    """The record as JSON values."""
    stored = asdict(record)
    statistics = stored.pop("statistics")
    return {**stored, **statistics}


def from_stored(stored: object) -> ReplyRecord:
    """The record that `to_stored` gave; what it lacks, or holds as another kind, is left out."""
    statistics = lenient_record(ReplyStatistics, stored)
    return replace(lenient_record(ReplyRecord, stored), statistics=statistics)
