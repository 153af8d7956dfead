"""What a maintainer is told of a newer llama.cpp."""

from __future__ import annotations

import importlib.util
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "native" / "hook_places.py"
PATCH = """\
--- a/src/a.cpp
+++ b/src/a.cpp
@@ -7,2 +7,3 @@ int model::add(
     b += 1;
+    hook();
     return a + b;
@@ -12,2 +13,3 @@ struct record {
     int one;
+    int ours;
     int two;
"""
SOURCE = """\
#include "a.h"

int model::add(
        int a,
        int b) const {

    b += 1;
    return a + b;
}

struct record {
    int one;
    int two;
};

int model::add(int a) const {
    return add(a, 1);
}
"""


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("hook_places", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, script)
    spec.loader.exec_module(script)
    return script


def changes(script: ModuleType, newer: dict[str, str]) -> dict[str, list[str]]:
    """What is said of each place, by its name."""
    places = script.hook_places(PATCH, {"src/a.cpp": SOURCE})
    return {place.name: script.compare(place, newer) for place in places}


def test_each_hook_goes_into_a_function_or_a_record(script: ModuleType) -> None:
    assert changes(script, {"src/a.cpp": SOURCE}) == {"model::add": [], "record": []}


def test_a_change_around_a_hook_is_shown(script: ModuleType) -> None:
    newer = "// more\n" * 50 + SOURCE.replace("b += 1", "b += 2").replace("int one", "long one")
    said = changes(script, {"src/a.cpp": newer})
    assert {"-    b += 1;", "+    b += 2;"} <= set(said["model::add"])
    assert {"-    int one;", "+    long one;"} <= set(said["record"])


def test_changes_elsewhere_are_not_shown(script: ModuleType) -> None:
    newer = SOURCE.replace("add(a, 1)", "add(a, 2)").replace("a.h", "b.h")
    assert changes(script, {"src/a.cpp": newer}) == {"model::add": [], "record": []}


def test_what_moved_or_went_is_said(script: ModuleType) -> None:
    newer = {"src/b.cpp": SOURCE.replace("record", "entry")}
    said = changes(script, newer)
    assert said["model::add"] == ["It is now in src/b.cpp."]
    assert said["record"] == ["It is not there any more: look for what took over from “record”."]


def test_a_source_distribution_is_read_packed_and_unpacked(
    script: ModuleType, tmp_path: Path
) -> None:
    tree = tmp_path / "llama_cpp_python-9" / "vendor" / "llama.cpp" / "src"
    tree.mkdir(parents=True)
    (tree / "a.cpp").write_text(SOURCE)
    packed = tmp_path / "packed.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(tree.parents[2], "llama_cpp_python-9")
    for path in (packed, tree.parents[2], tree.parent):
        assert script.read_sources(path) == {"src/a.cpp": SOURCE}
