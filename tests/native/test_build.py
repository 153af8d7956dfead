"""The native build: what it refuses, what it keeps, when it starts anew."""

from __future__ import annotations

import importlib.util
import json
import platform
import tarfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "native" / "build.py"
PATCH = """\
--- a/src/llama.cpp
+++ b/src/llama.cpp
@@ -1,3 +1,4 @@
 one
 two
+ours
 three
"""


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, at work in a folder of its own."""
    spec = importlib.util.spec_from_file_location("native_build", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for name in ("NATIVE", "BUILD", "UPSTREAM", "PATCHED", "OBJECTS", "LOGS"):
        folder = tmp_path / name.lower()
        folder.mkdir()
        monkeypatch.setattr(script, name, folder)
    monkeypatch.setattr(script, "ROOT", tmp_path)
    monkeypatch.setattr(script, "SDIST", tmp_path / "download" / script.SDIST.name)
    return script


@pytest.fixture
def upstream(build: ModuleType) -> Path:
    for name, text in {"src/llama.cpp": "one\ntwo\nthree\n", "ggml/ggml.c": "\n"}.items():
        file = build.UPSTREAM / name
        file.parent.mkdir()
        file.write_text(text)
    return build.UPSTREAM


def test_hooks_and_our_files_go_into_the_patched_tree_only(
    build: ModuleType, upstream: Path
) -> None:
    (build.NATIVE / "hooks.patch").write_text(PATCH)
    (build.NATIVE / "blocks.cpp").write_text("ours\n")
    build.patch_source()
    assert (build.PATCHED / "src/llama.cpp").read_text() == "one\ntwo\nours\nthree\n"
    assert (build.PATCHED / "src/blocks.cpp").read_text() == "ours\n"
    assert (build.PATCHED / "ggml/ggml.c").samefile(upstream / "ggml/ggml.c")
    assert build.files_in(upstream) == {Path("src/llama.cpp"), Path("ggml/ggml.c")}
    assert (upstream / "src/llama.cpp").read_text() == "one\ntwo\nthree\n"


def test_what_stays_the_same_is_not_compiled_again(build: ModuleType, upstream: Path) -> None:
    (build.NATIVE / "blocks.cpp").write_text("ours\n")
    build.patch_source()
    before = (build.PATCHED / "src/llama.cpp").stat().st_mtime_ns
    (build.NATIVE / "blocks.cpp").unlink()
    (build.NATIVE / "other.cpp").write_text("ours\n")
    build.patch_source()
    assert (build.PATCHED / "src/llama.cpp").stat().st_mtime_ns == before
    assert build.files_in(build.PATCHED) == {Path("src/llama.cpp"), Path("src/other.cpp")}


@pytest.mark.parametrize(
    "unlike", ["one\n2\nthree\n", "1\ntwo\nthree\n", "one\ntwo\nours\nthree\n"]
)
def test_hooks_that_do_not_fit_exactly_are_refused(
    build: ModuleType, upstream: Path, unlike: str
) -> None:
    (build.NATIVE / "hooks.patch").write_text(PATCH)
    (upstream / "src/llama.cpp").write_text(unlike)
    with pytest.raises(build.BuildError, match=r"hooks\.patch does not fit"):
        build.patch_source()


def test_a_source_that_is_not_the_pinned_one_is_not_kept(
    build: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(command: Sequence[str], log: Path, failure: str, _: object) -> None:
        assert not build.SDIST.exists()
        pinned = next(word for word in command if word.startswith("--requirement=")).split("=")[1]
        assert f"--hash=sha256:{build.SHA256}" in Path(pinned).read_text()
        log.write_text("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES")
        raise build.BuildError(failure)

    monkeypatch.setattr(build, "run", refuse)
    monkeypatch.setattr(build, "pip_registry", dict)
    build.SDIST.parent.mkdir()
    build.SDIST.write_bytes(b"something else")
    with pytest.raises(build.BuildError, match=build.SHA256):
        build.fetch()


def test_no_network_is_told_with_what_can_be_done(
    build: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_command: Sequence[str], log: Path, failure: str, _: object) -> None:
        log.write_text("Could not find a version")
        raise build.BuildError(failure)

    monkeypatch.setattr(build, "run", fail)
    monkeypatch.setattr(build, "pip_registry", dict)
    with pytest.raises(build.BuildError, match=r"(?s)could not be fetched.*Check the network"):
        build.fetch()


def test_only_llama_cpp_is_unpacked(build: ModuleType, tmp_path: Path) -> None:
    inside = build.SDIST.name.removesuffix(".tar.gz")
    build.SDIST.parent.mkdir()
    with tarfile.open(build.SDIST, "w:gz") as archive:
        for name in (
            "llama_cpp/llama.py",
            "vendor/llama.cpp/src/a.cpp",
            "vendor/llama.cpp/tools/b",
        ):
            archive.add(SCRIPT, f"{inside}/{name}")
    build.unpack(build.SDIST)
    assert build.files_in(build.UPSTREAM) == {Path(".sha256"), Path("src/a.cpp")}


def test_other_options_or_compilers_make_another_key(
    build: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = build.machine_key()
    assert key == build.machine_key()
    monkeypatch.setenv("CMAKE_ARGS", "-DGGML_RPC=ON")
    assert key != build.machine_key()
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(build.BuildError, match="CXX names, no-such-compiler, was not found"):
        build.machine_key()


def test_a_library_is_up_to_date_only_after_a_finished_build(
    build: ModuleType, tmp_path: Path
) -> None:
    lib = tmp_path / "made" / "lib"
    lib.mkdir(parents=True)
    (lib / "libllama.so").touch()
    (tmp_path / "made" / "stamp").write_text("key")
    assert not build.stale(lib, "key")
    assert build.stale(lib, "other key")
    assert build.stale(lib, "key")


def test_a_failure_shows_the_last_lines_of_its_log(build: ModuleType) -> None:
    with pytest.raises(build.BuildError, match=r"(?s)Compiling failed\..*a.log:\n +no such type"):
        build.run(
            ["sh", "-c", "echo no such type; exit 1"], build.LOGS / "a.log", "Compiling failed."
        )


@pytest.mark.skipif(platform.machine() != "x86_64", reason="AMX is a part of x86-64")
def test_amx_is_left_out_behind_march_native() -> None:
    objects = SCRIPT.parents[1] / "build" / "objects" / "native"
    entries = json.loads((objects / "compile_commands.json").read_text())
    commands = [entry["command"].split() for entry in entries if "/ggml-cpu/" in entry["file"]]
    native = [command for command in commands if "-march=native" in command]
    if not native:
        pytest.skip("built without -march=native")
    for command in native:
        after = command[command.index("-march=native") :]
        assert {"-mno-amx-tile", "-mno-amx-int8", "-mno-amx-bf16"} <= set(after)
