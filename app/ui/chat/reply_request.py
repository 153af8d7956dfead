"""What the engine is asked for a reply, and the record that begins with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, get_args

from app.conversations.conversation import Conversation
from app.conversations.reply_record import ReplyRecord
from app.engine.messages import Generate, OpenedPlan, ReplyStatistics, Sampling, WhenFull
from app.memory.context_settings import ContextSettings
from app.plan.json_records import lenient_record
from app.plan.recipe import Recipe
from app.ui.state.settings import ChatSettings

if TYPE_CHECKING:
    from app.model_files.model_file import ModelFile


def request_for(
    conversation: Conversation, prompt: str, settings: ChatSettings, begun: str = ""
) -> Generate:
    """What the engine is asked for an answer to the message with this id."""
    return Generate(
        messages=conversation.prompt_for(prompt),
        n_predict=settings.n_predict,
        sampling=settings.sampling,
        stop=settings.stop,
        begun=begun,
        chat_template=settings.chat_template,
        reread=settings.reread,
        when_full=settings.when_full,
    )


def same_request(conversation: Conversation, id: str, slot: int) -> Generate:
    """What the engine is asked for the same reply once more."""
    reply = conversation.messages[id]
    record = reply.record if reply.record is not None else ReplyRecord()
    return Generate(
        messages=conversation.prompt_sent(id),
        n_predict=record.n_predict,
        sampling=replace(lenient_record(Sampling, record.sampling), seed=record.statistics.seed),
        stop=record.stop,
        begun=reply.text[: record.n_begun],
        chat_template=record.chat_template,
        when_full=next((w for w in get_args(WhenFull) if w == record.when_full), "stop"),
        slot=slot,
        order=record.statistics.order,
    )


def record_for(
    plan_name: str,
    recipe: Recipe,
    opened: OpenedPlan,
    files: Sequence[ModelFile],
    conversation: Conversation,
    settings: ChatSettings,
    begun: str = "",
) -> ReplyRecord:
    """The record of a reply that was asked for and is still to come."""
    return ReplyRecord(
        plan_name=plan_name,
        recipe=recipe.text,
        model_name=opened.model_name,
        model_files=tuple(file.path.name for file in files),
        system=next((m.content for m in conversation.system.messages), None),
        sampling=asdict(settings.sampling),
        n_predict=settings.n_predict,
        stop=settings.stop,
        chat_template=settings.chat_template,
        when_full=settings.when_full,
        context=asdict(settings.context),
        n_begun=len(begun),
        n_ctx=opened.n_ctx,
        statistics=ReplyStatistics(plan_hash=recipe.hash),
    )


def same_record(record: ReplyRecord, recipe: Recipe) -> ReplyRecord:
    """The record of the same reply once more, still to come."""
    statistics = replace(record.statistics, plan_hash=recipe.hash, stop_reason="")
    return replace(record, moves=(), remark="", statistics=statistics)


def context_of(record: ReplyRecord) -> ContextSettings:
    """How the plan of a reply was opened."""
    context = lenient_record(ContextSettings, {**record.context, "n_ctx": record.n_ctx})
    return context.in_range()


def is_from(record: ReplyRecord, files: Sequence[ModelFile]) -> bool:
    """Whether a reply came from these model files or some of them, as far as is known."""
    if record.model_files:
        return all(name == f.path.name for name, f in zip(record.model_files, files, strict=False))
    return not record.model_name or (bool(files) and record.model_name == files[0].name)
