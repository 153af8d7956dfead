"""How a reply went and what it was made with, in words."""

from __future__ import annotations

from app.conversations.conversation import Made
from app.ui.widgets.counted import counted

STOP_WORDS = {
    "end": "the model ended its reply",
    "stop_string": "stopped at a stop string",
    "length": "stopped at the token limit",
    "context_full": "stopped because the context is full",
    "cancelled": "stopped by you",
}
INTERRUPTED = "Interrupted: the reply ends here because the engine or the program stopped."


def account_of(made: Made) -> str:
    """The line under a reply."""
    if not made.stop_reason:
        return INTERRUPTED
    tokens = counted(made.n_generated, "more token" if made.n_begun else "token")
    parts = [f"{tokens}, {made.tokens_per_s:.0f} tok/s" if made.tokens_per_s else tokens]
    prompt = f"prompt {made.n_prompt}"
    if made.n_prompt_evaluated < made.n_prompt:
        prompt += f" ({made.n_prompt_evaluated} new)"
    if made.prompt_tokens_per_s:
        prompt += f", {made.prompt_tokens_per_s:.0f} tok/s"
    parts.append(prompt)
    if made.first_token_s:
        parts.append(f"first token after {made.first_token_s:.2f} s")
    parts += [
        f"context {made.n_ctx_used} of {made.n_ctx}",
        STOP_WORDS.get(made.stop_reason, made.stop_reason),
        *_left_out(made),
        f"seed {made.seed}",
        f"{made.plan_name} {made.plan_hash[:12]}",
    ]
    return " · ".join([*parts, made.remark] if made.remark else parts)


def _left_out(made: Made) -> list[str]:
    if not made.n_left_out:
        return []
    became = ", a summary stands for them" if made.summary else ""
    return [f"the oldest {counted(made.n_left_out, 'message')} left the full context{became}"]
