"""The window: puts the parts together and says which of them hears what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QToolBar, QWidget

from app.memory.amounts import format_bytes
from app.plan.document import Plan
from app.plan.edits import whole_model
from app.ui import dialogs
from app.ui.canvas import Canvas
from app.ui.chat.conversation import SystemMode
from app.ui.chat.panel import ChatPanel
from app.ui.documents import PATTERN as PLANS
from app.ui.documents import Documents
from app.ui.editor import PlanEditor
from app.ui.engine_bridge import EngineBridge
from app.ui.inspector import Inspector
from app.ui.memory_panel import MemoryFigures, MemoryPanel
from app.ui.memory_watch import MemoryWatch
from app.ui.open_model import OpenModel
from app.ui.palette import Palette
from app.ui.plan_runner import PlanRunner
from app.ui.problems_panel import ProblemsPanel
from app.ui.settings import Settings
from app.ui.sources_panel import SourcesPanel
from app.ui.tasks import Tasks
from app.ui.window.menus import fill_menus
from app.ui.window.status_line import StatusLine

if TYPE_CHECKING:
    from app.engine.client import EngineState

TITLE = "Llama Blocks"
MODELS = "GGUF models (*.gguf);;All files (*)"
CLOSE_WITHIN_S = 2.5

FLAT = "QToolBar { border: none; background: palette(window); spacing: 2px; }"

LOAD_ANYWAY = "Load anyway"
NEW_PLAN, KEEP_PLAN = "New plan over the whole model", "Keep this plan"


class MainWindow(QMainWindow):
    """Everything the user sees. Needs a running asyncio loop for what takes time."""

    closed = Signal()
    """The window is gone and the engine process with it."""

    def __init__(
        self,
        engine: EngineBridge,
        settings: Settings,
        find_bundled_model: Callable[[], Path],
    ) -> None:
        super().__init__()
        self.engine = engine
        self.settings = settings
        self._find_bundled_model = find_bundled_model
        self._closing = False
        self.tasks = Tasks()
        self.editor = PlanEditor(parent=self)
        self.model = OpenModel(self)
        self.documents = Documents(self.editor, settings, self)
        self.runner = PlanRunner(
            engine,
            self.editor,
            lambda: self.model.paths,
            lambda: self.chat.sampling.chat.context,
            self._may_open,
            self.tasks,
            self,
        )
        self.chat = ChatPanel(
            engine, self.runner, settings.chat(), lambda: self.documents.name, self.tasks
        )
        self.canvas = Canvas(self.editor)
        self.problems = ProblemsPanel(self.editor)
        self.sources = SourcesPanel()
        self.memory = MemoryPanel()
        self.status = StatusLine()
        self.watch = MemoryWatch(
            engine,
            self.editor,
            self.model,
            self.runner,
            lambda: self.chat.sampling.chat.context,
            self.tasks,
            self,
        )
        self.docks: dict[str, QDockWidget] = {}
        self._lay_out()
        fill_menus(self)
        self._connect()
        self._show_title()

    # --- what the menus do -----------------------------------------------------------------------

    def open_plan(self, path: Path) -> None:
        """Open a plan file in the place of the present document, asking about unsaved changes."""
        self.tasks.start(self._open_plan(path))

    def open_model(self, path: Path) -> None:
        """Make another file the model of the plan."""
        self.tasks.start(self.load_model(path))

    def choose_plan(self) -> None:
        """Let the user pick a plan file and open it."""
        self.tasks.start(self._choose_plan())

    def choose_model(self) -> None:
        """Let the user pick a model file and open it."""
        self.tasks.start(self._choose_model())

    def open_bundled_model(self) -> None:
        """Go back to the model that comes with the program."""
        self.open_model(self._find_bundled_model())

    def new_plan(self) -> None:
        """One block over the whole model, in the place of the present document."""
        self.tasks.start(self._new_plan())

    def save(self) -> None:
        """Save the document."""
        self.tasks.start(self._then_say(self.documents.save, "Saved"))

    def save_as(self) -> None:
        """Save the document under another name."""
        self.tasks.start(self._then_say(self.documents.save_as, "Saved"))

    def export_strict(self) -> None:
        """Write the plan for parsers that know only the original format."""
        self.tasks.start(self._then_say(self.documents.export_strict, "Exported"))

    def forget_recent(self) -> None:
        """Empty the lists of recent files."""
        self.settings.forget_recent()

    def reset_layout(self) -> None:
        """Put all docks back where they were at first."""
        self.restoreState(self._first_state)
        for dock in self.docks.values():
            dock.show()

    async def load_model(self, path: Path) -> bool:
        """Read a model file and put the plan over it; False when it cannot be used."""
        from app.model_files.errors import ModelFileError

        before = self.model.file.path.name if self.model.file is not None else ""
        try:
            file = await self.model.open(path)
        except ModelFileError as error:
            kept = f"“{before}” stays open." if before else ""
            await dialogs.tell(self, "This model cannot be used.", f"{error} {kept}")
            return False
        is_bundled = file.path == self._find_bundled_model()
        self.chat.system.choose(SystemMode.EMPTY if is_bundled else SystemMode.TEMPLATE)
        if not is_bundled:
            self.settings.add_recent_model(file.path)
        await self._offer_whole_model()
        return True

    # --- how the parts hear each other -----------------------------------------------------------

    def _connect(self) -> None:
        self.documents.changed.connect(self._show_title)
        self.editor.replaced.connect(self._show_title)
        self.documents.opened.connect(self._plan_opened)
        self.model.changed.connect(self._model_changed)
        self.sources.open_requested.connect(self.choose_model)
        self.problems.block_requested.connect(self.canvas.show_block)
        self.canvas.notice.connect(lambda words: self.status.showMessage(words, 6000))
        self.watch.estimated.connect(self.memory.show_figures)
        self.watch.unknown.connect(self.memory.show_reason)
        self.runner.changed.connect(self._show_running)
        self.engine.state_changed.connect(self._engine_moved)
        self.engine.progressed.connect(self.status.set_progress)
        self.chat.flow.speed_changed.connect(self.status.set_speed)
        self.chat.settings_changed.connect(self._chat_settings_changed)

    def _plan_opened(self, path: Path) -> None:
        self.tasks.start(self._match_model(path))

    def _model_changed(self, _file: object) -> None:
        self.sources.show_models(self.model.files)
        self.editor.set_weight_layer_count(sum(m.n_layers for m in self.model.files))
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

    def _show_running(self) -> None:
        recipe = self.runner.recipe
        n_layers = recipe.n_plan_layers if recipe is not None else 0
        self.status.set_plan(self.runner.opened, self.runner.is_current, n_layers)

    def _show_title(self) -> None:
        self.setWindowTitle(f"{self.documents.name}[*] — {TITLE}")
        self.setWindowModified(self.documents.is_dirty)

    # --- what takes time -------------------------------------------------------------------------

    async def _open_plan(self, path: Path) -> None:
        if await self.documents.may_leave():
            await self.documents.open(path)

    async def _choose_plan(self) -> None:
        recent = self.settings.recent_plans()
        folder = recent[0].parent if recent else Path.home()
        path = await dialogs.ask_open_path(self, "Open plan", folder, PLANS)
        if path is not None:
            await self._open_plan(path)

    async def _choose_model(self) -> None:
        recent = self.settings.recent_models()
        folder = recent[0].parent if recent else Path.home()
        path = await dialogs.ask_open_path(self, "Open model", folder, MODELS)
        if path is not None:
            await self.load_model(path)

    async def _new_plan(self) -> None:
        if await self.documents.may_leave():
            file = self.model.file
            plan = whole_model(file.n_layers, file.path.name) if file is not None else Plan()
            self.documents.put_new(plan)

    async def _match_model(self, plan_path: Path) -> None:
        """Open the model that the plan names, where it can be found and is not open already."""
        file, sources = self.model.file, self.editor.plan.sources
        if sources and file is not None and file.path.name != Path(sources[0]).name:
            found = self._find_source(plan_path.parent / sources[0])
            if found is not None:
                await self.load_model(found)
                return
            self.status.showMessage(f"This plan names {sources[0]}, which was not found.", 10_000)
        await self._offer_whole_model()

    def _find_source(self, path: Path) -> Path | None:
        known = (path, *self.settings.recent_models(), self._find_bundled_model())
        return next((p for p in known if p.name == path.name and p.is_file()), None)

    async def _offer_whole_model(self) -> None:
        file = self.model.file
        if file is None or not any(p.code == "weight-range" for p in self.editor.problems):
            return
        answer = await dialogs.ask(
            self,
            f"The plan was made for another model than “{file.path.name}”.",
            f"It borrows weight layers beyond 0 to {file.n_layers - 1}, which this model does "
            "not have. The Problems list names them.",
            (NEW_PLAN, KEEP_PLAN),
        )
        if answer == NEW_PLAN:
            await self._new_plan()

    async def _then_say(self, work: Callable[[], Awaitable[bool]], words: str) -> None:
        if await work():
            self.status.showMessage(f"{words}.", 4000)

    async def _may_open(self) -> bool:
        figures: MemoryFigures | None = self.memory.figures
        if figures is None or figures.verdict.kind != "does_not_fit":
            return True
        total, free = figures.estimate.total_bytes, figures.free_bytes
        answer = await dialogs.ask(
            self,
            f"The plan needs {format_bytes(total)}, but {format_bytes(free)} is free.",
            f"{format_bytes(total - free)} are missing: the system may become slow or end the "
            "engine. Leave out layers, shorten the context, or close other programs.",
            (dialogs.CANCEL, LOAD_ANYWAY),
        )
        return answer == LOAD_ANYWAY

    # --- Qt --------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._dropped_path(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = self._dropped_path(event)
        if path is not None:
            event.acceptProposedAction()
            (self.open_model if path.suffix.lower() == ".gguf" else self.open_plan)(path)

    def _dropped_path(self, event: QDropEvent) -> Path | None:
        for url in event.mimeData().urls():
            path = Path(url.toLocalFile())
            if url.isLocalFile() and path.suffix.lower() in (".txt", ".gguf"):
                return path
        return None

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        if not self._closing:
            self._closing = True
            Tasks().start(self._close())

    async def _close(self) -> None:
        if not await self.documents.may_leave():
            self._closing = False
            return
        self.settings.save_window_layout(self.saveGeometry(), self.saveState())
        self.settings.sync()
        self.hide()
        self.tasks.cancel()
        await self.engine.close(CLOSE_WITHIN_S)
        self.closed.emit()

    # --- layout ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.resize(1280, 800)
        self.setAcceptDrops(True)
        self.setCentralWidget(self.canvas)
        self.setStatusBar(self.status)
        self.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
        )
        self.setStyleSheet(FLAT)
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        self.setCorner(Qt.Corner.BottomLeftCorner, left)
        self.setCorner(Qt.Corner.BottomRightCorner, right)
        self._add_dock("Sources", self.sources, left)
        self._add_dock("Palette", Palette(self.canvas), left)
        self._add_dock("Inspector", Inspector(self.editor, self.canvas), left)
        self._add_dock("Chat", self.chat, right)
        self._add_dock("Problems", self.problems, bottom)
        docks = self.docks
        self.resizeDocks([docks["Sources"], docks["Chat"]], [256, 372], Qt.Orientation.Horizontal)
        self.resizeDocks([docks["Problems"]], [110], Qt.Orientation.Vertical)
        strip = QToolBar("Memory", self)
        strip.setObjectName("memory")
        strip.setMovable(False)
        strip.addWidget(self.memory)
        strip.toggleViewAction().setVisible(False)
        self.addToolBar(Qt.ToolBarArea.BottomToolBarArea, strip)

    def _add_dock(self, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> None:
        dock = QDockWidget(title, self)
        dock.setObjectName(title.lower())
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        self.docks[title] = dock

    def restore_layout(self) -> None:
        """Put window and docks where they were at the last close. Call once, before showing."""
        self._first_state: QByteArray = self.saveState()
        saved = self.settings.window_layout()
        if saved is not None:
            self.restoreGeometry(saved[0])
            self.restoreState(saved[1])
