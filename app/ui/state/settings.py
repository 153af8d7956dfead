"""What the program remembers between starts: window layout, recent files, chat settings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

from app.engine.messages import Sampling, WhenFull
from app.engine.replies.known_templates import KNOWN_TEMPLATES, NO_TEMPLATE
from app.memory.context_settings import ContextSettings
from app.plan.json_records import JsonError, lenient_record, parse, valid_entries

MAX_RECENT = 10
OWN_TEMPLATE = "own"
CHATML = """{% for message in messages %}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}
<|im_start|>assistant{{ "\\n" }}"""
"""What one's own template is at first."""


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """How replies are made. `n_predict` -1 means until the model ends or the context is full."""

    context: ContextSettings = field(default_factory=ContextSettings)
    sampling: Sampling = field(default_factory=Sampling)
    n_predict: int = -1
    stop: tuple[str, ...] = ()
    template: str = ""
    """'' for the model file's, one of `known_templates`, or OWN_TEMPLATE."""
    own_template: str = CHATML
    """The user's own Jinja source, kept while another one is chosen."""
    when_full: WhenFull = "stop"
    reread: bool = True
    """After a scale moved, the next reply reads what was said before anew."""

    @property
    def chat_template(self) -> str | None:
        """What the engine is asked for."""
        return self.own_template if self.template == OWN_TEMPLATE else self.template or None


class Settings:
    """The program's QSettings, typed. A damaged or missing entry reads as its default.

    `recovery_folder` is where copies of unsaved plans are kept, and `conversations_path` the
    database of conversations: in the user's data folder, or beside the file of another store.
    """

    def __init__(self, store: QSettings | None = None) -> None:
        if store is None:
            place = QStandardPaths.StandardLocation.GenericDataLocation
            folder = f"{QStandardPaths.writableLocation(place)}/llama-blocks"
        else:
            folder = f"{store.fileName()}.data"
        self.recovery_folder = Path(folder, "recovery")
        self.conversations_path = Path(folder, "conversations.sqlite")
        self._store = store if store is not None else QSettings("llama-blocks", "Llama Blocks")

    def recent_plans(self) -> tuple[Path, ...]:
        """Plan files, the latest first."""
        return self._paths("recent/plans")

    def recent_models(self) -> tuple[Path, ...]:
        """Model files the user chose, the latest first."""
        return self._paths("recent/models")

    def add_recent_plan(self, path: Path) -> None:
        """Put a plan file first among the recent ones."""
        self._add("recent/plans", path)

    def add_recent_model(self, path: Path) -> None:
        """Put a model file first among the recent ones."""
        self._add("recent/models", path)

    def forget_recent(self) -> None:
        """Empty the lists of recent files."""
        self._store.remove("recent")

    def window_layout(self) -> tuple[QByteArray, QByteArray] | None:
        """Geometry and dock state as last saved, None at the first start."""
        geometry, state = (self._store.value(f"window/{key}") for key in ("geometry", "state"))
        if isinstance(geometry, QByteArray) and isinstance(state, QByteArray):
            return geometry, state
        return None

    def save_window_layout(self, geometry: QByteArray, state: QByteArray) -> None:
        """Remember where the window and its docks are."""
        self._store.setValue("window/geometry", geometry)
        self._store.setValue("window/state", state)

    def shows_minimap(self) -> bool:
        """Whether the canvas has its minimap where that is of use."""
        return str(self._store.value("canvas/minimap", "true")).lower() != "false"

    def save_shows_minimap(self, shows: bool) -> None:
        """Remember whether the canvas has its minimap."""
        self._store.setValue("canvas/minimap", "true" if shows else "false")

    def chat(self) -> ChatSettings:
        """The chat settings as last used."""
        chat = lenient_record(ChatSettings, self._json("chat/settings"))
        return replace(
            chat, template=known_template(chat.template), context=chat.context.in_range()
        )

    def save_chat(self, chat: ChatSettings) -> None:
        """Remember the chat settings."""
        self._store.setValue("chat/settings", json.dumps(asdict(chat)))

    def presets(self) -> tuple[str, ...]:
        """The user's presets of replies, each as JSON."""
        return valid_entries(str, self._json("chat/presets"))

    def save_presets(self, presets: Sequence[str]) -> None:
        """Remember the user's presets."""
        self._store.setValue("chat/presets", json.dumps(list(presets)))

    def last_conversation(self) -> str:
        """The id of the conversation that was open last, '' for none."""
        return str(self._store.value("chat/conversation", ""))

    def save_last_conversation(self, id: str) -> None:
        """Remember which conversation is open."""
        self._store.setValue("chat/conversation", id)

    def memory_reserve(self) -> int:
        """Bytes that a plan must leave to other programs."""
        try:
            return max(0, int(str(self._store.value("memory/reserve", "0"))))
        except ValueError:
            return 0

    def save_memory_reserve(self, n_bytes: int) -> None:
        """Remember what is to stay free."""
        self._store.setValue("memory/reserve", str(n_bytes))

    def sync(self) -> None:
        """Write to disk now."""
        self._store.sync()

    def _paths(self, key: str) -> tuple[Path, ...]:
        return tuple(map(Path, valid_entries(str, self._json(key))))

    def _json(self, key: str) -> object:
        """What is kept under a key; None where it is missing or damaged."""
        try:
            return parse(str(self._store.value(key, "null")))
        except JsonError:
            return None

    def _add(self, key: str, path: Path) -> None:
        path = path.absolute()
        paths: Sequence[Path] = (path, *(p for p in self._paths(key) if p != path))
        self._store.setValue(key, json.dumps([str(p) for p in paths[:MAX_RECENT]]))


def known_template(saved: str) -> str:
    """The choice that was kept, '' where this version does not have it."""
    return saved if saved in (NO_TEMPLATE, OWN_TEMPLATE, *KNOWN_TEMPLATES) else ""
