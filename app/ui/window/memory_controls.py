"""What the user does about memory: settings, the change that helps most, loading all the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.memory.amounts import format_bytes
from app.ui.state.memory_check import LOAD_ANYWAY
from app.ui.state.memory_watch import MemoryWatch
from app.ui.state.settings import Settings
from app.ui.widgets import dialogs
from app.ui.window.memory_panel import MemoryPanel

if TYPE_CHECKING:
    from app.engine.messages import ContextSettings
    from app.memory.changes import Change
    from app.ui.state.document import Document


class MemoryControls(QObject):
    """Opens the settings, makes changes, and asks before a plan that does not fit is loaded."""

    def __init__(
        self,
        window: QWidget,
        panel: MemoryPanel,
        watch: MemoryWatch,
        settings: Settings,
        context: Callable[[], ContextSettings],
        take_context: Callable[[ContextSettings], None],
        show_fit: Callable[[], None],
    ) -> None:
        """`show_fit` opens what finds layers to leave out."""
        super().__init__(window)
        self._window = window
        self._watch = watch
        self._settings = settings
        self._context = context
        self._take_context = take_context
        self._show_fit = show_fit
        panel.settings_wanted.connect(self.show_settings)
        panel.change_wanted.connect(self._take_change)

    def show_settings(self) -> None:
        """Open the memory settings; each edit takes effect at once."""
        from app.ui.window.memory_settings import MemorySettingsDialog

        reserve_bytes = self._settings.memory_reserve()
        dialog = MemorySettingsDialog(self._window, self._context(), reserve_bytes)
        dialog.context_changed.connect(self._take_context)
        dialog.reserve_changed.connect(self._keep_free)
        dialog.open()

    async def make_room(self) -> Sequence[Document] | None:
        """Whose plans must leave the engine so that the shown one fits, as far as is known; None
        where it does not even fit alone and the user does not want it loaded all the same."""
        figures = self._watch.figures_now()
        if figures is None:
            return ()
        if not figures.verdict.is_short:
            return figures.leaving
        total, free = figures.total_bytes, figures.free_bytes
        helps = f"To {figures.changes[0].words} would help most" if figures.changes else ""
        answer = await dialogs.ask(
            self._window,
            f"The plan needs {format_bytes(total)}, but {format_bytes(free)} is free.",
            f"{format_bytes(total - free)} are missing: the system may become slow or end the "
            f"engine. {helps or 'Close other programs'}.",
            (dialogs.CANCEL, LOAD_ANYWAY),
        )
        return figures.leaving if answer == LOAD_ANYWAY else None

    def _keep_free(self, n_bytes: int) -> None:
        self._settings.save_memory_reserve(n_bytes)
        self._watch.look_again()

    def _take_change(self, change: Change) -> None:
        if change.kind == "layers":
            self._show_fit()
        elif isinstance(change.value, int):
            self._take_context(replace(self._context(), n_ctx=change.value))
        else:
            self._take_context(replace(self._context(), kv_type=change.value))
