"""Conversations into files and out of files, with questions and what fails told to the user."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from app.conversations.conversation import Conversation
from app.conversations.errors import BadFile
from app.plan.files import read
from app.ui.state.file_versions import reason
from app.ui.state.services import Services
from app.ui.state.tasks import in_thread
from app.ui.state.writing import write_or_tell
from app.ui.widgets import dialogs
from app.ui.widgets.quantity import quantity

_KINDS = "Conversations (*.json);;Markdown (*.md)"


class ConversationExchange:
    """Exports and imports, and says when one is done."""

    def __init__(self, services: Services) -> None:
        self._window = services.window
        self._conversations = services.conversations
        self._notices = services.notices

    async def export_open(self) -> None:
        """Write the open conversation into a file that the user picks."""
        conversation = self._conversations.current
        await self._export((conversation,), conversation.title)

    async def export_one(self, id: str) -> None:
        """Write a stored conversation into a file that the user picks."""
        conversation = await self._conversations.with_store(lambda store: store.load(id))
        if conversation is not None:
            await self._export((conversation,), conversation.title)

    async def export_all(self) -> None:
        """Write all conversations into a file that the user picks."""
        await self._export(
            await self._conversations.with_store(lambda store: store.load_all()), "Conversations"
        )

    async def import_file(self) -> None:
        """Take in the conversations of a file that the user picks."""
        path = await dialogs.ask_open_path(
            self._window, "Import conversations", Path.home(), "Conversations (*.json)"
        )
        if path is None:
            return
        from app.conversations.files import from_json

        try:
            conversations = await in_thread(lambda: from_json(read(path)))
        except OSError as error:
            await self._tell(f"“{path.name}” could not be read.", reason(error))
            return
        except BadFile as error:
            await self._tell(f"“{path.name}” holds no conversations to import.", str(error))
            return
        await self._conversations.with_store(lambda store: store.save_all(conversations))
        self._conversations.list_changed.emit()
        self._notices.post(f"Imported {quantity(len(conversations), 'conversation')}")

    async def _export(self, conversations: Sequence[Conversation], name: str) -> None:
        plain = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', " ", name).strip(" .")[:60] or "Conversation"
        path = await dialogs.ask_save_path(
            self._window,
            f"Export {quantity(len(conversations), 'conversation')}",
            Path.home() / f"{plain}.json",
            _KINDS,
        )
        if path is None:
            return
        from app.conversations.files import to_json, to_markdown

        write = to_markdown if path.suffix.lower() == ".md" else to_json
        content = await in_thread(write, conversations)
        if await write_or_tell(self._window, path, content):
            self._notices.post(f"Exported {quantity(len(conversations), 'conversation')} to {path}")

    async def _tell(self, text: str, explanation: str) -> None:
        await dialogs.tell(self._window, text, explanation)
