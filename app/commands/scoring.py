"""`main.py perplexity`: how well a plan predicts a text."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.commands.errors import UserError
from app.commands.inputs import context_settings, paths, sources_and_recipe
from app.commands.output import print_json
from app.commands.running import engine
from app.engine.messages import EvaluatePerplexity, Perplexity


def perplexity(options: argparse.Namespace) -> int:
    """Measures how well a plan predicts a text."""
    models, recipe = sources_and_recipe(options)
    try:
        text = Path(options.file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{options.file}: not a UTF-8 text (byte {error.start}).") from error
    except OSError as error:
        raise UserError(f"{options.file}: {error.strerror}.") from error
    settings = context_settings(options, models)
    with engine() as run:
        result = run(EvaluatePerplexity(paths(models), recipe, text, settings))
    assert isinstance(result, Perplexity)
    if options.json:
        print_json(
            {"nll": result.nll, "perplexity": result.perplexity, "n_tokens": result.n_tokens}
        )
    else:
        print(
            f"Perplexity {result.perplexity:.4f} (nll {result.nll:.6f}, {result.n_tokens} tokens)"
        )
    return 0
