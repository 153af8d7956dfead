"""The influence of the open model's layers, as far as it is known: measured once, then kept."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.ui.state.open_model import OpenModel
from app.ui.state.tasks import Tasks, in_thread


class LayerInfluence(QObject):
    """`values` are by weight layer, empty while nothing is known.

    What was measured on the bundled text is found again when a model is opened.
    """

    changed = Signal(object)
    """`values`."""

    def __init__(self, model: OpenModel, tasks: Tasks) -> None:
        super().__init__(model)
        self._model = model
        self._tasks = tasks
        self.values: tuple[float, ...] = ()
        model.changed.connect(self._model_changed)

    def take(self, values: tuple[float, ...]) -> None:
        """Take note of what was measured on the open model."""
        if values != self.values:
            self.values = values
            self.changed.emit(values)

    def _model_changed(self) -> None:
        self.take(())
        self._tasks.start(self._look_up())

    async def _look_up(self) -> None:
        from app.fit.kept_influence import kept_influence
        from app.fit.texts import calibration_text

        files = self._model.files
        known = await in_thread(lambda: kept_influence(files, calibration_text()))
        if known is not None and files == self._model.files and not self.values:
            self.take(known.values)
