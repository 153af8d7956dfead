"""Presets: named settings of replies, and how they are shared as files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace

from app.engine.messages import Sampling
from app.plan.json_records import JsonError, lenient_record, parse
from app.ui.state.settings import OWN_TEMPLATE, ChatSettings, known_template

_FORMAT = "llama-blocks-preset"


class PresetError(Exception):
    """A file that holds no preset; `str()` says why."""


@dataclass(frozen=True, slots=True)
class Preset:
    """How replies are made, apart from the plan and its context."""

    name: str
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    n_predict: int = -1
    template: str | None = None
    """As in ChatSettings; None: whichever is chosen."""
    own_template: str = ""
    """Where that is the user's own."""

    @classmethod
    def of(cls, name: str, chat: ChatSettings) -> Preset:
        """What these settings are, but for their seed."""
        own = chat.own_template if chat.template == OWN_TEMPLATE else ""
        sampling = replace(chat.sampling, seed=None)
        return cls(name, sampling, chat.stop, chat.n_predict, chat.template, own)

    def put_into(self, chat: ChatSettings) -> ChatSettings:
        """These settings by the preset."""
        sampling = replace(self.sampling, seed=chat.sampling.seed)
        chat = replace(chat, sampling=sampling, stop=self.stop, n_predict=self.n_predict)
        if self.template is None:
            return chat
        own = self.own_template if self.template == OWN_TEMPLATE else chat.own_template
        return replace(chat, template=self.template, own_template=own)


BUILT_IN = (
    Preset("Usual"),
    Preset("Always the likeliest", Sampling(temperature=0.0)),
    Preset("Varied", Sampling(temperature=1.0, top_k=0, top_p=1.0, min_p=0.05)),
    Preset("Against repetition", Sampling(repeat_penalty=1.1, dry_multiplier=0.8)),
)


@dataclass(frozen=True, slots=True)
class _Head:
    """What a file must have to be a preset."""

    format: str = ""
    name: str = ""


def to_json(preset: Preset) -> str:
    """The preset as a file to be shared."""
    return json.dumps({"format": _FORMAT, **asdict(preset)}, indent=2, ensure_ascii=False) + "\n"


def from_json(text: str) -> Preset:
    """The preset that a file holds. Raises PresetError."""
    try:
        saved = parse(text)
    except JsonError as error:
        raise PresetError(str(error)) from error
    head = lenient_record(_Head, saved)
    if head.format != _FORMAT:
        raise PresetError(f"This is not a preset: it has no “format”: “{_FORMAT}”.")
    if not head.name.strip():
        raise PresetError("The preset has no name. Give it a “name” in the file.")
    preset = lenient_record(Preset, saved)
    template = None if preset.template is None else known_template(preset.template)
    return replace(preset, name=head.name.strip(), template=template)
