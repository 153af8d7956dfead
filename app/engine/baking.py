"""Writes the model file that a plan is baked into."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from app.engine.averaging import average
from app.engine.errors import EngineError
from app.engine.messages import Bake, Baked, Progress
from app.engine.native import Aborted
from app.engine.open_plan import default_n_threads
from app.engine.process_memory import peak_rss_bytes
from app.memory.amounts import format_bytes
from app.model_files.baking import bake
from app.model_files.errors import ModelFileError
from app.model_files.writing.stored import stored_model
from app.model_files.writing.write import WriteProgress, WriteStopped, write
from app.plan.chain import NoChain


def baked(
    request: Bake, should_stop: Callable[[], bool], tell: Callable[[Progress], None]
) -> Baked:
    """Writes the file; nothing is left of one that was stopped. Raises Aborted, EngineError."""

    def on_progress(progress: WriteProgress) -> bool:
        phase = f"Writing {format_bytes(round(progress.bytes_per_s))}/s"
        tell(Progress(phase, progress.fraction, seconds_left=progress.seconds_left))
        return not should_stop()

    make = partial(average, n_threads=default_n_threads(), should_stop=should_stop)
    try:
        sources = [stored_model(Path(path)) for path in request.model_paths]
        baking = bake(sources, request.recipe, request.type_name)
        out = Path(request.out)
        files = write(baking.planned(make), out, on_progress, request.max_part_bytes)
    except (ModelFileError, NoChain) as error:
        raise EngineError(str(error)) from error
    except WriteStopped:
        raise Aborted from None
    return Baked(
        files=tuple(str(file) for file in files),
        n_bytes=sum(file.stat().st_size for file in files),
        n_layers=len(baking.chain.layers),
        n_averaged=baking.chain.n_averaged,
        is_exact=baking.chain.is_exact,
        peak_rss_bytes=peak_rss_bytes(),
    )
