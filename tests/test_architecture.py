"""The shape of the program: who may import whom, and how long a file may grow."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_archon import archrule

ROOT = Path(__file__).parents[1]
LAYERS = ("plan", "model_files", "memory", "engine", "conversations", "fit", "ui")
MOST_LINES = 450


@pytest.mark.parametrize("layer", LAYERS[:-1])
def test_a_layer_imports_none_above_it(layer: str) -> None:
    above = LAYERS[LAYERS.index(layer) + 1 :]
    rule = archrule(f"{layer} stands below {', '.join(above)}").match(f"app.{layer}*")
    for other in above:
        rule = rule.should_not_import(f"app.{other}*")
    rule.check("app")


@pytest.mark.parametrize("layer", LAYERS)
def test_only_the_command_line_imports_the_commands(layer: str) -> None:
    rule = archrule(f"{layer} knows no commands").match(f"app.{layer}*")
    rule.should_not_import("app.commands*", "app.command_line*", "app.arguments*").check("app")


@pytest.mark.parametrize("layer", LAYERS[:-1])
def test_only_the_window_imports_qt(layer: str) -> None:
    rule = archrule(f"{layer} runs without Qt").match(f"app.{layer}*")
    rule.should_not_import("PySide6*", "shiboken6*", "qasync*").check("app")


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer != "engine"])
def test_only_the_engine_imports_the_bindings(layer: str) -> None:
    rule = archrule(f"{layer} leaves the native library to the engine").match(f"app.{layer}*")
    rule.should_not_import("llama_cpp*").check("app", only_direct_imports=True)


def test_a_file_stays_short_enough_to_be_one_thing() -> None:
    files = [
        file
        for folder in ("app", "native", "tests")
        for file in (ROOT / folder).rglob("*")
        if file.suffix in {".py", ".cpp", ".h"}
    ]
    n_lines = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    assert {file: n for file, n in n_lines.items() if n > MOST_LINES} == {}
