"""The views beside the canvas, each made when it is first seen: the first paint needs none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
        self._layer_bytes: Sequence[int] = ()
        services.memory_watch.layers_weighed.connect(self._show_layer_bytes)

    def fill(self, docks: dict[str, QDockWidget]) -> None:
        """Put each view into its dock once that is seen."""
        _fill_when_seen(docks["Text"], lambda: self.text)
        _fill_when_seen(docks["List"], lambda: self.list)
        _fill_when_seen(docks["History"], self._make_history)
        _fill_when_seen(docks["Conversations"], lambda: self.conversations)

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
        panel.set_layer_bytes(self._layer_bytes)
        return panel

    def _show_layer_bytes(self, layer_bytes: Sequence[int]) -> None:
        self._layer_bytes = layer_bytes
        if "list" in self.__dict__:
            self.list.set_layer_bytes(layer_bytes)

    def _make_history(self) -> QWidget:
        from app.ui.views.history_panel import HistoryPanel

        return HistoryPanel(self._editor)


def _fill_when_seen(dock: QDockWidget, make: Callable[[], QWidget]) -> None:
    def fill(seen: bool) -> None:
        if seen:
            dock.visibilityChanged.disconnect(fill)
            dock.setWidget(make())

    dock.visibilityChanged.connect(fill)
