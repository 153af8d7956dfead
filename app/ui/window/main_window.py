"""The window: puts the parts together, and says what of it stands where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow

from app.plan.templates import TEMPLATES
from app.ui.canvas import Canvas
from app.ui.canvas.placement import placed
from app.ui.chat.panel import ChatPanel
from app.ui.files.documents.area import DocumentArea
from app.ui.files.drops import Drops
from app.ui.files.exchange import Exchange
from app.ui.files.open_files import OpenFiles
from app.ui.files.pictures import Pictures
from app.ui.files.sources.editing import SourceEdits
from app.ui.files.sources.panel import SourcesPanel
from app.ui.files.sources.rows import dropped_paths
from app.ui.files.sources.sources_bar import SourcesBar
from app.ui.palette import Palette
from app.ui.palette.adding import AddingPalette
from app.ui.palette.finding import FindBlock
from app.ui.palette.templates import Templates
from app.ui.state.engine_bridge import EngineBridge
from app.ui.state.services import build_services
from app.ui.state.settings import Settings
from app.ui.state.tasks import Tasks
from app.ui.tools.baking.opener import BakeOpener
from app.ui.tools.composing.opener import ComposeOpener
from app.ui.tools.measure.opener import MeasureOpener
from app.ui.tools.other_plan.opener import OtherPlanOpener
from app.ui.tools.side_by_side.opener import SideBySideOpener
from app.ui.views.inspector import Inspector
from app.ui.views.problems_panel import ProblemsPanel
from app.ui.window import menus
from app.ui.window.actions import FlatToolBar, add_action, make_tool_bar
from app.ui.window.docks import LAYOUT_VERSION, add_docks
from app.ui.window.memory_panel import MemoryPanel
from app.ui.window.status_line import StatusLine
from app.ui.window.views import Views

TITLE = "Llama Blocks"
CLOSE_WITHIN_S = 2.5


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
        self._closing = False
        self.services = services = build_services(
            self, engine, estimator, settings, find_bundled_model, placed
        )
        self.canvas = Canvas(services.editor)
        self.chat = ChatPanel(services)
        self.files = OpenFiles(services)
        self.source_edits = SourceEdits(services, self.files)
        self.exchange = Exchange(services)
        self.pictures = Pictures(services, self.canvas)
        self.drops = Drops(services, self.files, self.exchange, self.source_edits)
        self.templates = Templates(
            self, self.canvas, self.files.put_new, services.memory_watch.words_for
        )
        self.adding = AddingPalette(self.canvas, TEMPLATES, self.templates.ask_to_insert)
        self.find_block = FindBlock(self.canvas)
        self.measure = MeasureOpener(services, self.canvas)
        self.baking = BakeOpener(services, self.files)
        self.composing = ComposeOpener(services, self.files, self.source_edits)
        self.side_by_side = SideBySideOpener(services, self.chat)
        self.other_plan = OtherPlanOpener(services)
        sources_bar = SourcesBar(services, self.source_edits)
        self.area = DocumentArea(services, self.canvas, (sources_bar,))
        self.sources = SourcesPanel(services.sources, self.source_edits, self.files.choose_model)
        self.inspector = Inspector(services.editor, self.canvas, services.memory_watch.memory_of)
        self.problems = ProblemsPanel(services.editor)
        self.views = Views(services, self.canvas, self.chat.conversation_actions)
        self.memory = MemoryPanel(services)
        self.status = StatusLine(services)
        self._lay_out()
        self._fill_menus()
        self._connect()
        self._show_title()

    # --- layout ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.resize(1280, 800)
        self.setAcceptDrops(True)
        self.setCentralWidget(self.area)
        self.setStatusBar(self.status)
        self.docks = add_docks(
            self,
            {
                "Sources": self.sources,
                "Palette": Palette(self.canvas, TEMPLATES, self.templates.ask_for_new),
                "Inspector": self.inspector,
                "Chat": self.chat,
                "Problems": self.problems,
            },
        )
        self.views.fill(self.docks)
        memory_bar = FlatToolBar("Memory", self)
        memory_bar.setObjectName("memory")
        memory_bar.setMovable(False)
        memory_bar.addWidget(self.memory)
        memory_bar.toggleViewAction().setVisible(False)
        self.addToolBar(Qt.ToolBarArea.BottomToolBarArea, memory_bar)

    def _fill_menus(self) -> None:
        services, settings, tasks = self.services, self.services.settings, self.services.tasks
        canvas, commands, flow = self.canvas, self.canvas.commands, self.chat.flow
        bar = self.menuBar()
        file = bar.addMenu("&File")
        new, open_plan, save = menus.fill_file_menu(file, settings, self.files, self.templates)
        menus.fill_exchange_menu(file, tasks, self.exchange, self.pictures)
        add_action(file, "&Quit", self.close, "Ctrl+Q")
        menus.fill_edit_menu(bar.addMenu("&Edit"), canvas, self.find_block)
        plan = bar.addMenu("&Plan")
        run, stop = menus.fill_plan_menu(plan, canvas, self.templates, self.run, flow)
        commands.block.fill(bar.addMenu("&Block"))
        model = bar.addMenu("&Model")
        menus.fill_model_menu(model, settings, self.files, self.source_edits)
        add_action(model, "B&ake the plan …", self.baking.show, "Ctrl+B")
        add_action(model, "&Compose …", self.composing.show, "Ctrl+Shift+O")
        menus.fill_measure_menu(bar.addMenu("M&easure"), self.measure)
        chat = bar.addMenu("&Chat")
        self.chat.menu.fill(chat, self.find_conversation)
        chat.addSeparator()
        show = self.side_by_side.show
        add_action(chat, "&Side by side …", show, "Ctrl+Shift+B", "side-by-side")
        view = bar.addMenu("&View")
        menus.fill_view_menu(view, services, canvas, self.docks, self.reset_layout)
        menus.fill_help_menu(bar.addMenu("&Help"), self, tasks)
        left = [new, open_plan, save, None, commands.undo, commands.redo, None]
        left += [*commands.add, None, commands.arrange, commands.fit_all]
        make_tool_bar(self, left, (run, stop))

    def restore_layout(self) -> None:
        """Put window and docks where they were at the last close. Call once, before showing."""
        self._first_state: QByteArray = self.saveState(LAYOUT_VERSION)
        saved = self.services.settings.window_layout()
        if saved is not None:
            self.restoreGeometry(saved[0])
            self.restoreState(saved[1], LAYOUT_VERSION)

    # --- what the menus do -----------------------------------------------------------------------

    def run(self) -> None:
        """Open the plan in the engine, with what will be said about it in sight."""
        self.docks["Chat"].show()
        if self.services.editor.lowered is None:
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

    # --- what one part does where another is used ------------------------------------------------

    def _connect(self) -> None:
        services, chat, canvas = self.services, self.chat, self.canvas
        services.documents.changed.connect(self._show_title)
        services.editor.commit_requested.connect(_apply_typed)
        services.memory_watch.estimated.connect(self.inspector.show_memory)
        services.memory_watch.unknown.connect(self.inspector.show_memory)
        services.memory_watch.layers_weighed.connect(canvas.plan_scene.show_layer_bytes)
        services.influence.changed.connect(canvas.plan_scene.show_influence)
        self.area.tabs.new_requested.connect(self.files.new_plan)
        self.area.tabs.close_requested.connect(self.files.close_document)
        self.problems.block_requested.connect(canvas.show_block)
        self.memory.fit_wanted.connect(self.measure.show_fit)
        canvas.notice.connect(services.notices.post)
        canvas.sweep_wanted.connect(self.measure.show_sweep)
        chat.flow.speed_changed.connect(self.status.set_speed)
        chat.transcript.ask_other_requested.connect(self.other_plan.show)
        chat.conversation_actions.opened.connect(self.docks["Chat"].raise_)
        chat.side_by_side_wanted.connect(self.side_by_side.show)

    def _show_title(self) -> None:
        documents = self.services.documents
        self.setWindowTitle(f"{documents.name}[*] — {TITLE}")
        self.setWindowModified(documents.active.is_dirty)

    # --- Qt --------------------------------------------------------------------------------------

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.services.disk_watch.look_soon()
            self.services.conversations.check_for_changes()

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
        services = self.services
        if not (
            await services.documents.may_close_all()
            and await self.chat.conversation_actions.may_close()
        ):
            self._closing = False
            return
        state = self.saveState(LAYOUT_VERSION)
        services.settings.save_window_layout(self.saveGeometry(), state)
        services.settings.sync()
        for dialog in self.findChildren(QDialog):
            dialog.close()
        self.hide()
        self.area.recovery.release()
        services.disk_watch.close()
        services.documents.forget()
        await services.autosave.close()
        await services.conversations.close(CLOSE_WITHIN_S)
        services.tasks.cancel()
        import asyncio

        engines = services.engine, services.estimator
        await asyncio.gather(*(engine.close(CLOSE_WITHIN_S) for engine in engines))
        self.closed.emit()


def _apply_typed() -> None:
    """Let a field that is being typed into apply its text, as if it were left for a moment."""
    field = QApplication.focusWidget()
    if field is not None:
        field.clearFocus()
        if field.isVisible() and QApplication.focusWidget() is None:
            field.setFocus()
