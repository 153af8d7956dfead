"""What a reply is asked for with, and the account of how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, get_args

from app.conversations.conversation import Conversation, Made
from app.engine.messages import ContextSettings, Generate, OpenedPlan, Reply, Sampling, WhenFull
from app.plan.recipe import Recipe
from app.ui.state.saved_records import known
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


def request_again(conversation: Conversation, id: str, slot: int) -> Generate:
    """What the engine is asked for the same reply once more."""
    reply = conversation.messages[id]
    made = reply.made if reply.made is not None else Made()
    return Generate(
        messages=conversation.asked_for(id),
        n_predict=made.n_predict,
        sampling=replace(known(Sampling, made.sampling), seed=made.seed),
        stop=made.stop,
        begun=reply.text[: made.n_begun],
        chat_template=made.chat_template,
        when_full=next((w for w in get_args(WhenFull) if w == made.when_full), "stop"),
        slot=slot,
        order=made.order,
    )


def context_of(made: Made) -> ContextSettings:
    """How the plan of a reply was opened."""
    return known(ContextSettings, {**made.context, "n_ctx": made.n_ctx})


def made_so_far(
    plan_name: str,
    recipe: Recipe,
    opened: OpenedPlan,
    files: Sequence[ModelFile],
    conversation: Conversation,
    settings: ChatSettings,
    begun: str = "",
) -> Made:
    """The account of a reply that is on its way."""
    return Made(
        plan_name=plan_name,
        plan_hash=recipe.hash,
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
    )


def is_over(made: Made, files: Sequence[ModelFile]) -> bool:
    """Whether a reply was made with these model files or some of them, as far as is known."""
    if made.model_files:
        return all(name == f.path.name for name, f in zip(made.model_files, files, strict=False))
    return not made.model_name or (bool(files) and made.model_name == files[0].name)


def made_at_the_end(made: Made, reply: Reply) -> Made:
    """The same with how it went."""
    return replace(
        made,
        plan_hash=reply.plan_hash,
        seed=reply.seed,
        n_ctx_used=reply.n_ctx_used,
        n_prompt=reply.n_prompt,
        n_prompt_evaluated=reply.n_prompt_evaluated,
        n_generated=reply.n_generated,
        prompt_tokens_per_s=reply.prompt_tokens_per_s,
        tokens_per_s=reply.tokens_per_s,
        first_token_s=reply.first_token_s,
        stop_reason=reply.stop_reason,
        n_left_out=reply.n_left_out,
        summary=reply.summary,
        order=reply.order,
    )
