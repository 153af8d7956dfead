"""`main.py generate`: a plan answers a prompt."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from app.cli.errors import EXIT_USAGE, UserError
from app.cli.inputs import context_settings, paths, sources_and_recipe
from app.cli.output import print_json
from app.cli.running import engine
from app.engine.messages import (
    ChatMessage,
    Event,
    Generate,
    Open,
    Reply,
    Sampling,
    TextPiece,
)
from app.engine.replies.known_templates import KNOWN_TEMPLATES, NO_TEMPLATE


def generate(options: argparse.Namespace) -> int:
    """Answers a prompt with a plan."""
    models, recipe = sources_and_recipe(options, options.scale)
    sampling, stop = sampling_of(options), tuple(options.stop)
    if options.raw:
        request = Generate((), options.prompt, options.n_predict, sampling, stop)
    else:
        system = () if options.system is None else (ChatMessage("system", options.system),)
        messages = (*system, ChatMessage("user", options.prompt))
        request = Generate(
            messages,
            None,
            options.n_predict,
            sampling,
            stop,
            chat_template=_template_of(options.chat_template),
        )

    def stream(event: Event) -> None:
        if isinstance(event, TextPiece):
            print(event.text, end="", flush=True)

    opening = Open(paths(models), recipe, context_settings(options, models))
    with engine() as run:
        run(opening)
        reply = run(request, on_event=None if options.json else stream)
    assert isinstance(reply, Reply)
    statistics = reply.statistics
    if options.json:
        print_json(
            {
                "text": reply.text,
                "n_prompt": statistics.n_prompt,
                "n_generated": statistics.n_generated,
                "prompt_tokens_per_s": statistics.prompt_tokens_per_s,
                "tokens_per_s": statistics.tokens_per_s,
                "stop_reason": statistics.stop_reason,
                "engine_peak_rss_bytes": reply.peak_rss_bytes,
                "plan_hash": statistics.plan_hash,
                "seed": statistics.seed,
            }
        )
    else:
        print()
    return 130 if statistics.stop_reason == "cancelled" else 0


def sampling_of(options: argparse.Namespace) -> Sampling:
    """How the options want tokens to be chosen. Raises UserError for a file that cannot be read."""
    grammar = ""
    if options.grammar_file is not None:
        grammar = _text_of(options.grammar_file)
    given = {f.name: getattr(options, f.name) for f in fields(Sampling) if f.name != "grammar"}
    given["logit_bias"] = tuple(options.logit_bias)
    return Sampling(**given, grammar=grammar)


def _template_of(given: str | None) -> str | None:
    """The chat template as the engine takes it. Raises UserError for what is neither a name nor a
    file that can be read."""
    if given is None or given == NO_TEMPLATE or given in KNOWN_TEMPLATES:
        return given
    if not Path(given).exists():
        raise UserError(
            f"--chat-template: “{given}” is neither a file nor the name of a template. "
            f"Templates: {', '.join((NO_TEMPLATE, *KNOWN_TEMPLATES))}.",
            EXIT_USAGE,
        )
    return _text_of(given)


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text.") from error
