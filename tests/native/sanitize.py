"""Runs tests/native/exercise.cpp under the address and undefined-behaviour sanitizers, then under
valgrind where it is installed: `python -m tests.native.sanitize`.

Needs build/llama.cpp, which `make native` makes. The libraries are compiled for both, which takes
minutes the first time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from gguf import GGMLQuantizationType

from tests.model_files.tiny import TinyModel, write_tiny

ROOT = Path(__file__).parents[2]
OBJECTS = ROOT / "build" / "objects"
N_ROUNDS = 6
N_ROUNDS_VALGRIND = 1

SANITIZERS = "-fsanitize=address,undefined -fno-omit-frame-pointer -O1 -g1"
VALGRIND = (
    *("valgrind", "--quiet", "--error-exitcode=1", "--leak-check=full"),
    "--errors-for-leak-kinds=definite,indirect",
)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        models = _models(Path(folder))
        sanitized = _compile("sanitized", "-DCMAKE_BUILD_TYPE=None", SANITIZERS)
        options = {
            "ASAN_OPTIONS": "detect_leaks=1",
            "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
        }
        status = _run("The sanitizers", [sanitized, str(N_ROUNDS), *models], options)
        if shutil.which("valgrind"):
            plain = _compile("valgrind", "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "")
            status |= _run("Valgrind", [*VALGRIND, plain, str(N_ROUNDS_VALGRIND), *models], {})
        else:
            print("Valgrind is not installed: left out.")
    return status


def _models(folder: Path) -> list[str]:
    """Models that match each other, in several types and with and without a head of their own."""
    types = (GGMLQuantizationType.F16, GGMLQuantizationType.Q8_0, GGMLQuantizationType.F32)
    return [
        str(
            write_tiny(folder / f"{seed}.gguf", TinyModel(quantisation=q, seed=seed, has_head=head))
        )
        for seed, (q, head) in enumerate(zip(types, (True, False, True), strict=True))
    ]


def _compile(name: str, build_type: str, flags: str) -> str:
    """The program, for a CPU that valgrind knows and without OpenMP, whose threads it doesn't."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    objects = OBJECTS / name
    configure = ["cmake", f"-S{Path(__file__).parent}", f"-B{objects}", "-GNinja", build_type]
    configure += [f"-DLLAMA_CPP={ROOT / 'build' / 'llama.cpp'}", "-DLIB=/", "--no-warn-unused-cli"]
    configure += ["-DGGML_NATIVE=OFF", "-DGGML_OPENMP=OFF", "-DGGML_CCACHE=OFF"]
    configure += [f"-DCMAKE_C_FLAGS={flags}", f"-DCMAKE_CXX_FLAGS={flags}"]
    if ccache := shutil.which("ccache"):
        configure += [f"-DCMAKE_{lang}_COMPILER_LAUNCHER={ccache}" for lang in ("C", "CXX")]
    environment = {**os.environ, "PATH": path, "GIT_CEILING_DIRECTORIES": str(ROOT / "build")}
    log = ROOT / "build" / "log" / f"compile-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    print(f"Compiling for {name}; the first time takes minutes ({log.relative_to(ROOT)})")
    with log.open("w") as written:
        for command in (configure, ["cmake", "--build", str(objects), "--target", "exercise"]):
            subprocess.run(command, env=environment, stdout=written, stderr=written, check=True)
    return str(objects / "exercise")


def _run(who: str, command: Sequence[str], options: Mapping[str, str]) -> int:
    status = subprocess.run(command, env={**os.environ, **options}).returncode
    print(f"{who} found {'something' if status else 'nothing'}.", flush=True)
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())
