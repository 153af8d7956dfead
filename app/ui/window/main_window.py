"""The window: puts the parts together and says which of them hears what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QDialog, QDockWidget, QMainWindow, QWidget

from app.conversations.conversation import SystemMode
from app.plan.templates import TEMPLATES
from app.ui.canvas import Canvas
from app.ui.canvas.placing import placed
from app.ui.chat.panel import ChatPanel
from app.ui.files.documents.area import DocumentArea
from app.ui.files.drops import Drops
from app.ui.files.exchange import Exchange
from app.ui.files.open_files import OpenFiles
from app.ui.files.pictures import Pictures
from app.ui.files.sources.panel import SourcesPanel
from app.ui.files.sources.rows import dropped_paths
from app.ui.files.sources.strip import SourcesStrip
from app.ui.palette import Palette
from app.ui.palette.adding import AddingPalette
from app.ui.palette.finding import FindBlock
from app.ui.palette.templates import Templates
from app.ui.state.documents import Documents
from app.ui.state.editor import PlanEditor
from app.ui.state.engine_bridge import EngineBridge
from app.ui.state.memory_check import Room
from app.ui.state.memory_watch import MemoryWatch
from app.ui.state.open_model import OpenModel
from app.ui.state.plan_runner import PlanRunner
from app.ui.state.settings import Settings
from app.ui.state.tasks import Tasks
from app.ui.tools.baking.opener import BakeOpener
from app.ui.tools.composing.opener import ComposeOpener
from app.ui.tools.measure.measuring import Measuring
from app.ui.tools.other_plan.opener import OtherPlanOpener
from app.ui.tools.side_by_side.opener import SideBySideOpener
from app.ui.views.inspector import Inspector
from app.ui.views.problems_panel import ProblemsPanel
from app.ui.window.actions import FlatToolBar
from app.ui.window.jobs import JobsButton
from app.ui.window.memory_controls import MemoryControls
from app.ui.window.memory_panel import MemoryPanel
from app.ui.window.menus import fill_menus
from app.ui.window.status_line import StatusLine
from app.ui.window.views import Views

if TYPE_CHECKING:
    from app.engine.client import EngineState
    from app.engine.messages import ContextSettings

TITLE = "Llama Blocks"
NOTICE_MS = 6000
_LESS = 0.9
CLOSE_WITHIN_S = 2.5
LAYOUT_VERSION = 3
"""To be raised when there are other docks: a layout saved for fewer would leave them anywhere."""


class MainWindow(QMainWindow):
    """Everything the user sees. Needs a running asyncio loop for what takes time."""

    closed = Signal()
    """The window is gone and the engine process with it."""

    def __init__(
        self,
        engine: EngineBridge,
        estimator: EngineBridge,
        settings: Settings,
        find_bundled_model: Callable[[], Path],
    ) -> None:
        super().__init__()
        self.engine = engine
        self.estimator = estimator
        self.settings = settings
        self._closing = False
        self._first_model: Path | None = None
        self.tasks = Tasks()
        self.editor = PlanEditor(parent=self)
        self.model = OpenModel(self)
        self.documents = Documents(
            self.editor,
            settings,
            lambda document: self.views.has_unread_text(document),
            placed,
            self,
        )
        self.files = OpenFiles(
            self,
            self.editor,
            self.documents,
            self.model,
            settings,
            find_bundled_model,
            self.tasks,
        )
        self.runner = PlanRunner(
            engine,
            self.editor,
            self.documents,
            self.model,
            self.files.sources.settled,
            lambda: self.chat.sampling.chat.context,
            lambda: self.memory_controls.make_room(),
            self.tasks,
            self,
        )
        self.chat = ChatPanel(engine, self.runner, settings, self.tasks)
        self.canvas = Canvas(self.editor)
        self.find_block = FindBlock(self.canvas)
        edits = self.files.source_edits
        self.area = DocumentArea(
            self.documents,
            self.canvas,
            (SourcesStrip(self.files.sources, edits, self.model),),
            settings.recovery_folder,
            self.tasks,
        )
        self.pictures = Pictures(self, self.canvas, self.documents, self._say)
        self.exchange = Exchange(self, self.documents, self.editor, self.model, settings, self._say)
        self.problems = ProblemsPanel(self.editor)
        self.views = Views(self.editor, self.canvas, self.chat.conversation_actions, self.tasks)
        self.sources = SourcesPanel(self.files.sources, edits, self.files.choose_model)
        self.drops = Drops(self, self.model, self.files, self.exchange, self.tasks)
        self.memory = MemoryPanel()
        self.status = StatusLine()
        self.jobs = JobsButton((engine, estimator))
        self.status.addWidget(self.jobs)
        self.watch = MemoryWatch(
            engine,
            estimator,
            self.editor,
            self.model,
            self.runner,
            lambda: self.chat.sampling.chat.context,
            settings.memory_reserve,
            self.tasks,
            self,
        )
        room = Room(self.watch, self.runner)
        self.side_by_side = SideBySideOpener(
            self,
            engine,
            self.chat,
            self.documents,
            self.files.sources.files_of,
            room,
            self.tasks,
        )
        self.inspector = Inspector(self.editor, self.canvas, self.watch.memory_of)
        self.templates = Templates(
            self, self.canvas, self.files.put_new, lambda recipe: self.watch.words_for(recipe)
        )
        self.measuring = Measuring(
            self,
            engine,
            estimator,
            self.canvas,
            self.documents,
            self.chat,
            room,
            self.model,
            lambda: self.chat.sampling.chat.context,
            self._proposed_budget,
            self.tasks,
        )
        self.baking = BakeOpener(
            self, engine, self.editor, self.documents, self.model, self.files, self.tasks
        )
        self.composing = ComposeOpener(
            self, self.editor, self.documents, self.model, self.files, settings, self.tasks
        )
        self.other_plan = OtherPlanOpener(
            self,
            engine,
            self.documents,
            self.chat.conversations,
            self.model,
            lambda: self.chat.sampling.chat.context,
            room,
            self.tasks,
        )
        self.memory_controls = MemoryControls(
            self,
            self.memory,
            self.watch,
            settings,
            lambda: self.chat.sampling.chat.context,
            self._take_context,
            self.measuring.show_fit,
        )
        self.adding = AddingPalette(self.canvas, TEMPLATES, self.templates.ask_to_insert)
        self.docks: dict[str, QDockWidget] = {}
        self._lay_out()
        fill_menus(self)
        self._connect()
        self._show_title()

    # --- what the menus do -----------------------------------------------------------------------

    def run(self) -> None:
        """Open the plan in the engine, with what will be said about it in sight."""
        self.docks["Chat"].show()
        if self.editor.lowered is None:
            self.docks["Problems"].show()
            self.docks["Problems"].raise_()
        self.chat.run()

    def find_conversation(self) -> None:
        """Show the list of conversations, ready to be searched."""
        dock = self.docks["Conversations"]
        dock.show()
        dock.raise_()
        self.views.conversations.search.setFocus()

    def reset_layout(self) -> None:
        """Put all docks back where they were at first."""
        self.restoreState(self._first_state, LAYOUT_VERSION)
        for dock in self.docks.values():
            dock.show()

    # --- how the parts hear each other -----------------------------------------------------------

    def _connect(self) -> None:
        self.documents.changed.connect(self._show_title)
        self.editor.settling.connect(_apply_typed)
        self.area.tabs.new_requested.connect(self.files.new_plan)
        self.area.tabs.close_requested.connect(self.files.close_document)
        self.documents.working.connect(self._show_work)
        self.area.failed.connect(self._say)
        self.files.notice.connect(self._say)
        self.model.changed.connect(self._model_changed)
        self.problems.block_requested.connect(self.canvas.show_block)
        self.canvas.notice.connect(self._say)
        self.watch.estimated.connect(self.memory.show_figures)
        self.watch.unknown.connect(self.memory.show_reason)
        self.watch.estimated.connect(self.inspector.show_memory)
        self.watch.unknown.connect(self.inspector.show_memory)
        self.watch.layers_weighed.connect(self.canvas.plan_scene.show_layer_bytes)
        self.watch.layers_weighed.connect(self.views.show_layer_bytes)
        self.measuring.influence.changed.connect(
            lambda: self.canvas.plan_scene.show_influence(self.measuring.influence.values)
        )
        self.runner.changed.connect(self._show_running)
        self.runner.notice.connect(self._say)
        self.engine.state_changed.connect(self._engine_moved)
        self.engine.progressed.connect(self.status.set_progress)
        self.chat.flow.replied.connect(self.watch.look_again)
        self.chat.flow.speed_changed.connect(self.status.set_speed)
        self.chat.settings_changed.connect(self._chat_settings_changed)
        self.chat.transcript.ask_other_requested.connect(self.other_plan.show)
        self.chat.conversation_actions.opened.connect(self.docks["Chat"].raise_)
        self.chat.conversation_actions.notice.connect(self._say)
        self.chat.side_by_side_wanted.connect(self.side_by_side.show)
        self.chat.sampling.more_wanted.connect(self._show_reply_settings)
        self.measuring.settings_wanted.connect(self._take_context)
        self.canvas.sweep_wanted.connect(self.measuring.show_sweep)

    def _say(self, words: str) -> None:
        self.status.showMessage(words, NOTICE_MS)

    def _show_work(self, words: str) -> None:
        if words:
            self.status.showMessage(words)
        else:
            self.status.clearMessage()

    def _model_changed(self) -> None:
        *starts, n = accumulate((m.n_layers for m in self.model.files), initial=0)
        self.editor.set_weight_layer_count(n or None, tuple(starts) or (0,))
        first = self.model.file
        if first is not None and first.path != self._first_model:
            self._first_model = first.path
            is_bundled = self.files.is_of_bundled(first)
            self.chat.system.choose(SystemMode.EMPTY if is_bundled else SystemMode.TEMPLATE)
        self.watch.look_again()
        self.runner.changed.emit()

    def _engine_moved(self, state: EngineState) -> None:
        self.status.set_state(state)
        if state.phase == "died":
            self.runner.forget()
            self.chat.flow.show_death(state.detail)

    def _chat_settings_changed(self) -> None:
        self.settings.save_chat(self.chat.sampling.chat)
        self.watch.look_again()
        self.runner.changed.emit()

    def _show_reply_settings(self) -> None:
        from app.ui.chat.reply_settings.dialog import ReplySettingsDialog

        sampling = self.chat.sampling
        dialog = ReplySettingsDialog(self, sampling.chat, self.settings, self.tasks)
        dialog.chat_changed.connect(
            lambda chat: sampling.show_chat(replace(chat, context=sampling.chat.context))
        )
        dialog.open()

    def _take_context(self, context: ContextSettings) -> None:
        sampling = self.chat.sampling
        sampling.show_chat(replace(sampling.chat, context=context))

    def _show_running(self) -> None:
        recipe = self.runner.recipe
        n_layers = recipe.n_plan_layers if recipe is not None else 0
        name = self.model.file.path.stem if self.runner.opened and self.model.file else ""
        others = tuple(running.document.name for running in self.runner.others)
        self.status.set_plan(name, self.runner.is_current, n_layers, others)

    def _show_title(self) -> None:
        self.setWindowTitle(f"{self.documents.name}[*] — {TITLE}")
        self.setWindowModified(self.documents.active.is_dirty)

    def _proposed_budget(self) -> int:
        """What is free; where the plan fits into that, a little less than it needs."""
        figures = self.memory.figures
        if figures is None:
            from app.memory.machine import available_bytes

            return available_bytes()
        return min(figures.free_bytes, round(_LESS * figures.estimate.total_bytes))

    # --- Qt --------------------------------------------------------------------------------------

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.area.disk.look_soon()
            self.chat.conversations.check_for_changes()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if self.drops.take(event.mimeData()):
            event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        if not self._closing:
            self._closing = True
            Tasks().start(self._close())

    async def _close(self) -> None:
        if not (
            await self.documents.may_close_all()
            and await self.chat.conversation_actions.may_close()
        ):
            self._closing = False
            return
        self.settings.save_window_layout(self.saveGeometry(), self.saveState(LAYOUT_VERSION))
        self.settings.sync()
        for dialog in self.findChildren(QDialog):
            dialog.close()
        self.hide()
        await self.area.close_all()
        await self.chat.conversations.close(CLOSE_WITHIN_S)
        self.tasks.cancel()
        import asyncio

        await asyncio.gather(
            self.engine.close(CLOSE_WITHIN_S), self.estimator.close(CLOSE_WITHIN_S)
        )
        self.closed.emit()

    # --- layout ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.resize(1280, 800)
        self.setAcceptDrops(True)
        self.setCentralWidget(self.area)
        self.setStatusBar(self.status)
        self.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
        )
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        self.setCorner(Qt.Corner.BottomLeftCorner, left)
        self.setCorner(Qt.Corner.BottomRightCorner, right)
        self._add_dock("Sources", self.sources, left)
        self._add_dock("Palette", Palette(self.canvas, TEMPLATES, self.templates.ask_for_new), left)
        self._add_dock("Inspector", self.inspector, left)
        self._add_dock("Chat", self.chat, right)
        self._add_dock("Conversations", QWidget(), right, behind="Chat")
        self._add_dock("Problems", self.problems, bottom)
        for title in ("Text", "List", "History"):
            self._add_dock(title, QWidget(), bottom, behind="Problems")
        self.views.fill(self.docks)
        docks = self.docks
        self.resizeDocks([docks["Sources"], docks["Chat"]], [256, 372], Qt.Orientation.Horizontal)
        self.resizeDocks([docks["Problems"]], [130], Qt.Orientation.Vertical)
        self.resizeDocks(
            [docks["Sources"], docks["Palette"], docks["Inspector"]],
            [124, 156, 370],
            Qt.Orientation.Vertical,
        )
        strip = FlatToolBar("Memory", self)
        strip.setObjectName("memory")
        strip.setMovable(False)
        strip.addWidget(self.memory)
        strip.toggleViewAction().setVisible(False)
        self.addToolBar(Qt.ToolBarArea.BottomToolBarArea, strip)

    def _add_dock(
        self, title: str, widget: QWidget, area: Qt.DockWidgetArea, behind: str = ""
    ) -> None:
        """Add a dock to an area, or as a tab `behind` another dock there."""
        dock = QDockWidget(title, self)
        dock.setObjectName(title.lower())
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        self.docks[title] = dock
        if behind:
            self.tabifyDockWidget(self.docks[behind], dock)
            self.docks[behind].raise_()

    def restore_layout(self) -> None:
        """Put window and docks where they were at the last close. Call once, before showing."""
        self._first_state: QByteArray = self.saveState(LAYOUT_VERSION)
        saved = self.settings.window_layout()
        if saved is not None:
            self.restoreGeometry(saved[0])
            self.restoreState(saved[1], LAYOUT_VERSION)


def _apply_typed() -> None:
    """Let a field that is being typed into apply its text, as if it were left for a moment."""
    field = QApplication.focusWidget()
    if field is not None:
        field.clearFocus()
        if field.isVisible() and QApplication.focusWidget() is None:
            field.setFocus()
