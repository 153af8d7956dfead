"""The views beside the canvas, each built when its dock is first shown, after the first paint."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDockWidget, QWidget

from app.ui.canvas import Canvas
from app.ui.chat.conversations.actions import ConversationActions
from app.ui.state.services import Services

if TYPE_CHECKING:
    from app.ui.chat.conversations.list import ConversationList
    from app.ui.views.list_view import ListPanel
    from app.ui.views.text_view import TextPanel


class Views:
    """Text, list and history of the plan, linked with the canvas, and the conversations."""

    def __init__(
        self, services: Services, canvas: Canvas, conversations: ConversationActions
    ) -> None:
        self._editor = services.editor
        self._tasks = services.tasks
        self._canvas = canvas
        self._conversations = conversations
        self._memory_watch = services.memory_watch

    def fill(self, docks: dict[str, QDockWidget]) -> None:
        """Put each view into its dock once that is shown."""
        _fill_when_shown(docks["Text"], lambda: self.text)
        _fill_when_shown(docks["List"], lambda: self.list)
        _fill_when_shown(docks["History"], self._make_history)
        _fill_when_shown(docks["Conversations"], lambda: self.conversations)

    @cached_property
    def conversations(self) -> ConversationList:
        """The list of conversations."""
        return self._conversations.make_list()

    @cached_property
    def text(self) -> TextPanel:
        """The plan as text."""
        from app.ui.views.text_view import TextPanel

        panel = TextPanel(self._editor, self._tasks)
        panel.block_requested.connect(self._canvas.look_at_block)
        panel.stale_changed.connect(self._canvas.set_stale)
        panel.show_selection(self._canvas.selected_ids())
        self._canvas.selection_changed.connect(panel.show_selection)
        return panel

    @cached_property
    def list(self) -> ListPanel:
        """The plan as a list."""
        from app.ui.views.list_view import ListPanel

        panel = ListPanel(self._editor, self._canvas)
        panel.set_layer_bytes(self._memory_watch.layer_bytes)
        self._memory_watch.layers_weighed.connect(panel.set_layer_bytes)
        return panel

    def _make_history(self) -> QWidget:
        from app.ui.views.history_panel import HistoryPanel

        return HistoryPanel(self._editor)


def _fill_when_shown(dock: QDockWidget, make: Callable[[], QWidget]) -> None:
    def fill(is_shown: bool) -> None:
        if is_shown:
            dock.visibilityChanged.disconnect(fill)
            dock.setWidget(make())

    dock.visibilityChanged.connect(fill)
