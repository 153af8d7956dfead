"""Whether plans that come beside those that are open fit into memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from app.engine.messages import Open
from app.memory.amounts import format_bytes
from app.plan.recipe import Recipe
from app.ui.state.memory_watch import MemoryWatch
from app.ui.state.plan_runner import PlanRunner
from app.ui.widgets import dialogs

if TYPE_CHECKING:
    from app.model_files.model_file import ModelFile
    from app.ui.state.memory_figures import MemoryFigures

LOAD_ANYWAY = "Load anyway"


class MemoryCheck:
    """Knows of the documents' plans that are open, and counts weights that plans share once."""

    def __init__(self, watch: MemoryWatch, runner: PlanRunner) -> None:
        self._watch = watch
        self._runner = runner

    async def may_open(
        self,
        parent: QWidget,
        files: Sequence[ModelFile],
        coming: Sequence[Open],
        open_ones: Sequence[Open] = (),
    ) -> bool:
        """Whether the coming plans fit, as far as is known, or the user wants them opened all the
        same; `open_ones` are open besides those of documents."""
        figures = self._watch.figures_now()
        if figures is None or not coming:
            return True
        running = [plan for plan in (self._runner.running, *self._runner.others) if plan]
        held = [plan.recipe for plan in running] + [plan.recipe for plan in open_ones]
        needed = needed_bytes(figures, files, held, coming)
        free = max(0, figures.machine.available_bytes - figures.reserve_bytes)
        if needed <= free:
            return True
        answer = await dialogs.ask(
            parent,
            f"These plans need {format_bytes(needed)} more, but only {format_bytes(free)} is free.",
            "The system may slow down or kill the engine. Use a smaller context or fewer plans, "
            "or close other programs.",
            (dialogs.CANCEL, LOAD_ANYWAY),
        )
        return answer == LOAD_ANYWAY


def needed_bytes(
    figures: MemoryFigures,
    files: Sequence[ModelFile],
    held: Sequence[Recipe],
    coming: Sequence[Open],
) -> int:
    """What the coming plans take beside those that are held: a context for each, and the weight
    layers that none before it borrows; with the engine process itself where nothing is held.

    What plans that make way for them give back does not count.
    """
    from app.memory.beside import beside_bytes
    from app.memory.estimate import estimate_exact

    contexts, weights_bytes = [], 0
    for plan in coming:
        parts = estimate_exact(files, plan.recipe, plan.settings)
        contexts.append((plan.recipe, parts.kv_bytes + figures.estimate.compute_bytes))
        weights_bytes = weights_bytes or parts.weights_bytes
    if held:
        first, *others = held
        return sum(beside_bytes(files, first, [*((o, 0) for o in others), *contexts]))
    (first, first_bytes), *rest = contexts
    alone = weights_bytes + first_bytes + figures.estimate.process_bytes
    return alone + sum(beside_bytes(files, first, rest))
