"""Writes the model file that a plan is baked into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.engine.errors import EngineError
from app.engine.messages import Bake, Baked, Progress
from app.engine.process_memory import peak_rss_bytes
from app.memory.amounts import format_bytes
from app.model_files.baking import Averaged, bake
from app.model_files.errors import ModelFileError
from app.model_files.writing.stored import stored_model
from app.model_files.writing.write import WriteProgress, write
from app.plan.chain import NoChain


def baked(
    request: Bake,
    average: Callable[[Averaged], bytearray] | None,
    on_progress: Callable[[Progress], bool],
) -> Baked:
    """Writes the file; `average` makes the bytes of an averaged tensor, and is not needed for an
    exact file. Where `on_progress` returns False it stops, and nothing is left.

    Any process. Raises EngineError, WriteStopped.
    """

    def tell(progress: WriteProgress) -> bool:
        phase = f"Writing {format_bytes(round(progress.bytes_per_s))}/s"
        return on_progress(Progress(phase, progress.fraction, seconds_left=progress.seconds_left))

    try:
        sources = [stored_model(Path(path)) for path in request.model_paths]
        baking = bake(sources, request.recipe, request.type_name)
        out = Path(request.out)
        files = write(baking.planned(average), out, tell, request.max_part_bytes)
    except (ModelFileError, NoChain) as error:
        raise EngineError(str(error)) from error
    return Baked(
        files=tuple(str(file) for file in files),
        n_bytes=sum(file.stat().st_size for file in files),
        n_layers=len(baking.chain.layers),
        n_averaged=baking.chain.n_averaged,
        is_exact=baking.chain.is_exact,
        peak_rss_bytes=peak_rss_bytes(),
    )
