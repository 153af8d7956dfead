"""Measured influence, kept in the user's cache folder so that a model is measured once."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from platformdirs import user_cache_path

from app.engine.measuring.results import Influence
from app.model_files.fingerprint import fingerprint
from app.model_files.model_file import ModelFile
from app.plan.files import save
from app.plan.json_records import JsonError, parse, strict_record

_VERSION = 2
"""Counted up when the values would come out differently."""


def cache_folder() -> Path:
    """Where influence is kept; nothing is lost when it is deleted but the time to measure."""
    return user_cache_path("llama-blocks") / "influence"


def kept_influence(
    models: Sequence[ModelFile], text: str, folder: Path | None = None
) -> Influence | None:
    """What was measured on these files with this text before; None when nothing was."""
    try:
        influence = strict_record(Influence, parse(_file(models, text, folder).read_bytes()))
    except (OSError, JsonError):  # absent, or damaged: measured again
        return None
    return influence if len(influence.values) == sum(model.n_layers for model in models) else None


def keep_influence(
    models: Sequence[ModelFile], text: str, influence: Influence, folder: Path | None = None
) -> None:
    """Keeps it for the next time; where nothing can be written, it is measured again."""
    with contextlib.suppress(OSError):
        file = _file(models, text, folder)
        file.parent.mkdir(parents=True, exist_ok=True)
        save(file, json.dumps(asdict(influence)))


def _file(models: Sequence[ModelFile], text: str, folder: Path | None) -> Path:
    key = hashlib.sha256(f"{_VERSION}\n".encode())
    for model in models:
        for part in model.parts:
            key.update(fingerprint(part.path))
    key.update(hashlib.sha256(text.encode(errors="replace")).digest())
    return (folder or cache_folder()) / f"{key.hexdigest()[:32]}.json"
