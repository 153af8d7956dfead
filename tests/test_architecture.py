"""The shape of the program: who may import whom, and how long a file may grow."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import networkx as nx
import pytest
from pytest_archon import archrule
from pytest_archon.collect import collect_imports, walk

ROOT = Path(__file__).parents[1]
LAYERS = ("plan", "model_files", "memory", "engine", "conversations", "fit", "ui")
# From the ground up. Rooms on one floor may use each other as long as there is no circle.
FLOORS = (
    ("widgets",),
    ("state",),
    ("canvas", "views", "chat"),
    ("files", "palette", "tools"),
    ("kinds",),
    ("window",),
)
FLOOR = {f"app.ui.{room}": floor for floor, rooms in enumerate(FLOORS) for room in rooms}
ENTRIES = {"app.ui.application", "app.ui.tour"}
MOST_LINES = 450


@cache
def imports() -> nx.DiGraph:
    """Which module of the program imports which, for types only as well."""
    modules = collect_imports("app", walk)
    graph = nx.DiGraph()
    graph.add_nodes_from(modules)
    graph.add_edges_from((a, b) for a, names in modules.items() for b in names & modules.keys())
    return graph


def circles(graph: nx.DiGraph) -> list[list[str]]:
    return [sorted(nodes) for nodes in nx.strongly_connected_components(graph) if len(nodes) > 1]


def part(module: str, package: str) -> str:
    """The direct part of a package in which a module lies: "a.b.c" lies in part "a.b" of "a"."""
    return ".".join(module.split(".")[: package.count(".") + 2])


def within(module: str, package: str) -> bool:
    return module.startswith(f"{package}.")


@pytest.mark.parametrize("layer", LAYERS[:-1])
def test_a_layer_imports_none_above_it(layer: str) -> None:
    above = LAYERS[LAYERS.index(layer) + 1 :]
    rule = archrule(f"{layer} stands below {', '.join(above)}").match(f"app.{layer}*")
    for other in above:
        rule = rule.should_not_import(f"app.{other}*")
    rule.check("app")


@pytest.mark.parametrize("layer", LAYERS)
def test_no_layer_imports_the_command_line(layer: str) -> None:
    rule = archrule(f"{layer} knows no commands").match(f"app.{layer}*")
    rule.should_not_import("app.cli*").check("app")


@pytest.mark.parametrize("layer", LAYERS[:-1])
def test_only_the_window_imports_qt(layer: str) -> None:
    rule = archrule(f"{layer} runs without Qt").match(f"app.{layer}*")
    rule.should_not_import("PySide6*", "shiboken6*", "qasync*").check("app")


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer != "engine"])
def test_only_the_engine_imports_the_bindings(layer: str) -> None:
    rule = archrule(f"{layer} leaves the native library to the engine").match(f"app.{layer}*")
    rule.should_not_import("llama_cpp*").check("app", only_direct_imports=True)


def test_a_room_of_the_window_imports_none_on_a_floor_above() -> None:
    rooms = [(part(a, "app.ui"), part(b, "app.ui"), a, b) for a, b in imports().edges]
    upwards = [
        f"{a} imports {b}"
        for room, other, a, b in rooms
        if FLOOR.get(room, len(FLOORS)) < FLOOR.get(other, -1)
    ]
    assert upwards == []


def test_widgets_know_nothing_of_the_program() -> None:
    known = {b for a, b in imports().edges if within(a, "app.ui.widgets")}
    foreign = {module for module in known if not within(module, "app.ui.widgets")}
    assert sorted(foreign) == []


def test_every_module_of_the_window_lies_in_a_room() -> None:
    parts = {part(module, "app.ui") for module in imports() if within(module, "app.ui")}
    assert sorted(parts - FLOOR.keys() - ENTRIES) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles(imports()) == []


def test_no_packages_beside_each_other_import_each_other_in_a_circle() -> None:
    packages = {module.rpartition(".")[0] for module in imports()} - {""}
    for package in sorted(packages):
        parts = nx.DiGraph()
        for a, b in imports().edges:
            ends = part(a, package), part(b, package)
            if ends[0] != ends[1] and packages.issuperset(ends) and within(ends[0], package):
                parts.add_edge(*ends)
        assert circles(parts) == [], package


def test_each_package_says_what_lives_in_it() -> None:
    folders = {file.parent for file in (ROOT / "app").rglob("*.py")}
    silent = {
        ".".join(folder.relative_to(ROOT).parts)
        for folder in folders
        if not (file := folder / "__init__.py").exists()
        or not ast.get_docstring(ast.parse(file.read_text()))
    }
    assert sorted(silent) == []


def test_a_file_stays_short_enough_to_be_one_thing() -> None:
    files = [
        file
        for folder in ("app", "native", "tests")
        for file in (ROOT / folder).rglob("*")
        if file.suffix in {".py", ".cpp", ".h"}
    ]
    n_lines = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    assert {file: n for file, n in n_lines.items() if n > MOST_LINES} == {}
