"""Builds build/native/lib: llama.cpp's libraries with our files and hooks compiled in.

With --unpatched it also builds build/unpatched/lib: libllama of the same source without our part,
over the same ggml, for tests and benchmarks to compare with. What is up to date is left alone.
"""

from __future__ import annotations

import argparse
import contextlib
import filecmp
import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tarfile
import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

VERSION = "0.3.36"
SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"

NATIVE = Path(__file__).resolve().parent
ROOT = NATIVE.parent
BUILD = ROOT / "build"
SDIST = BUILD / "download" / f"llama_cpp_python-{VERSION}.tar.gz"
UPSTREAM = BUILD / "upstream"
PATCHED = BUILD / "llama.cpp"
OBJECTS = BUILD / "objects"
LOGS = BUILD / "log"
LIB = BUILD / "native" / "lib"
UNPATCHED_LIB = BUILD / "unpatched" / "lib"

# The part of the source distribution that the libraries are made of.
WANTED = (
    "CMakeLists.txt",
    "LICENSE",
    "cmake/",
    "ggml/",
    "include/",
    "licenses/",
    "src/",
    "vendor/",
)

CPU_LINES = ("model name", "cpu family", "model", "stepping", "flags", "Features", "CPU part")


class BuildError(Exception):
    """What stopped the build and how to mend it."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--unpatched", action="store_true", help="also build the library to compare with"
    )
    arguments = parser.parse_args()
    try:
        machine = machine_key()
        native_key = digest([SHA256, machine, *map(contents, (*recipe_files(), *our_files()))])
        if stale(LIB, native_key):
            unpack(fetch())
            forget_other_machine(machine)
            patch_source()
            compile_library("native", PATCHED, LIB)
            LIB.with_name("stamp").write_text(native_key)
        unpatched_key = digest([SHA256, machine, *map(contents, recipe_files())])
        if arguments.unpatched and stale(UNPATCHED_LIB, unpatched_key):
            unpack(fetch())
            compile_library("unpatched", UPSTREAM, UNPATCHED_LIB, f"-DGGML_LIB={LIB}")
            UNPATCHED_LIB.with_name("stamp").write_text(unpatched_key)
    except BuildError as error:
        print(f"The native library was not built. {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def stale(lib: Path, key: str) -> bool:
    """Whether the library is yet to be made; from here on only a finished build is up to date."""
    stamp = lib.with_name("stamp")
    if stamp.exists() and stamp.read_text() == key and (lib / "libllama.so").exists():
        return False
    stamp.unlink(missing_ok=True)
    return True


def recipe_files() -> list[Path]:
    return [NATIVE / "build.py", NATIVE / "CMakeLists.txt"]


def our_files() -> list[Path]:
    """The files that go into the patched tree, and the hook patch when there is one."""
    return sorted([*NATIVE.glob("*.cpp"), *NATIVE.glob("*.h"), *NATIVE.glob("hooks.patch")])


def contents(file: Path) -> str:
    return f"{file.name}\n{hashlib.sha256(file.read_bytes()).hexdigest()}"


def digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def machine_key() -> str:
    """Changes when what was compiled does not suit any more: another compiler, CPU or option."""
    parts = [platform.machine()]
    for variable, names in (("CC", ("cc", "gcc", "clang")), ("CXX", ("c++", "g++", "clang++"))):
        own = shlex.split(os.environ.get(variable, ""))
        compiler = find_tool(*(own[:1] or names))
        if not compiler:
            if own:
                raise BuildError(f"The compiler that {variable} names, {own[0]}, was not found.")
            raise BuildError(
                "No C and C++ compiler was found. On Debian or Ubuntu: apt-get install g++"
            )
        version = subprocess.run([compiler, "--version"], capture_output=True, text=True)
        parts += [compiler, version.stdout]
    parts += [
        f"{name}={os.environ.get(name, '')}"
        for name in ("CC", "CXX", "CFLAGS", "CXXFLAGS", "LDFLAGS", "CMAKE_ARGS")
    ]
    return digest([*parts, *cpu()])


def cpu() -> list[str]:
    """What -march=native goes by: the first core's lines that name it and its features."""
    try:
        first_core = Path("/proc/cpuinfo").read_text().split("\n\n")[0]
    except OSError:  # no such file but on Linux
        return [platform.processor()]
    return [line for line in first_core.splitlines() if line.split(":")[0].strip() in CPU_LINES]


def find_tool(*names: str) -> str | None:
    """The first of these found beside this Python or on the PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return next((tool for name in names if (tool := shutil.which(name, path=path))), None)


def fetch() -> Path:
    """The source distribution with the pinned hash; from the registry unless it is there."""
    if SDIST.exists() and hashlib.sha256(SDIST.read_bytes()).hexdigest() == SHA256:
        return SDIST
    SDIST.unlink(missing_ok=True)
    SDIST.parent.mkdir(parents=True, exist_ok=True)
    say(f"Fetching the source of llama-cpp-python {VERSION} (73 MB) from the package registry")
    pinned = SDIST.with_name("requirements.txt")
    pinned.write_text(f"llama-cpp-python=={VERSION} --hash=sha256:{SHA256}\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--progress-bar=off"]
    command += ["--no-binary=llama-cpp-python", f"--dest={SDIST.parent}", f"--requirement={pinned}"]
    if importlib.util.find_spec("scikit_build_core"):
        command.append("--no-build-isolation")
    log = LOGS / "fetch.log"
    try:
        run(
            command,
            log,
            "The source could not be fetched from the package registry.",
            pip_registry(),
        )
    except BuildError as error:
        if "DO NOT MATCH THE HASHES" in log.read_text():
            raise BuildError(
                f"The source that the package registry gave for llama-cpp-python {VERSION} is not "
                f"the one this program was made for (its SHA-256 should be {SHA256}), so it was "
                f"not used. The registry, or something on the way to it, altered it; see {log}"
            ) from None
        raise BuildError(
            f"{error}\nCheck the network and pip's settings, "
            f"or put {SDIST.name} into {SDIST.parent}"
        ) from None
    return SDIST


def pip_registry() -> dict[str, str]:
    """The registry uv resolved from, as a setting for pip where pip has none of its own."""
    ask = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    if "PIP_INDEX_URL" in os.environ or subprocess.run(ask, capture_output=True).returncode == 0:
        return {}
    with contextlib.suppress(OSError):
        lock = tomllib.loads((ROOT / "uv.lock").read_text())
        for package in lock["package"]:
            if package["name"] == "llama-cpp-python" and "registry" in package["source"]:
                return {"PIP_INDEX_URL": package["source"]["registry"]}
    return {}


def unpack(sdist: Path) -> None:
    """Lays llama.cpp as upstream made it in build/upstream."""
    stamp = UPSTREAM / ".sha256"
    if stamp.exists() and stamp.read_text() == SHA256:
        return
    say(f"Unpacking llama.cpp into {UPSTREAM.relative_to(ROOT)}")
    shutil.rmtree(UPSTREAM, ignore_errors=True)
    inside = f"{sdist.name.removesuffix('.tar.gz')}/vendor/llama.cpp/"
    with tarfile.open(sdist) as archive:
        for member in archive:
            name = member.name.removeprefix(inside)
            if name != member.name and name.startswith(WANTED) and member.isfile():
                file = UPSTREAM / name
                file.parent.mkdir(parents=True, exist_ok=True)
                data = archive.extractfile(member)
                assert data is not None
                file.write_bytes(data.read())
    stamp.write_text(SHA256)


def forget_other_machine(machine: str) -> None:
    """Removes objects compiled for another machine or folder, which would seem up to date."""
    stamp = OBJECTS / "machine"
    machine += f"\n{ROOT}"
    if not stamp.exists() or stamp.read_text() != machine:
        shutil.rmtree(OBJECTS, ignore_errors=True)
        OBJECTS.mkdir(parents=True)
        stamp.write_text(machine)


def patch_source() -> None:
    """Makes build/llama.cpp, upstream with our files and hooks; what stays the same is kept."""
    fresh = PATCHED.with_name("llama.cpp.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for file in files_in(UPSTREAM):
        if file.parts[0] != "ggml":
            (fresh / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(UPSTREAM / file, fresh / file)
    for ours in our_files():
        if ours.suffix == ".patch":
            apply_patch(ours, fresh)
        else:
            shutil.copy(ours, fresh / "src")
    for file in files_in(PATCHED) - files_in(fresh):
        (PATCHED / file).unlink()
    for file in files_in(fresh):
        kept = PATCHED / file
        if not kept.exists() or not filecmp.cmp(fresh / file, kept, shallow=False):
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(fresh / file, kept)
    shutil.rmtree(fresh)
    if not (PATCHED / "ggml").exists():
        (PATCHED / "ggml").symlink_to(Path("..") / UPSTREAM.name / "ggml")


def files_in(tree: Path) -> set[Path]:
    """All files below, relative to the tree; linked folders are not entered."""
    return {
        Path(folder, name).relative_to(tree) for folder, _, names in os.walk(tree) for name in names
    }


def apply_patch(patch: Path, tree: Path) -> None:
    """Applies the hooks where they fit exactly, or says which do not."""
    if not patch.read_text().strip():
        return
    tool = find_tool("patch")
    if not tool:
        raise BuildError("The tool patch was not found. On Debian or Ubuntu: apt-get install patch")
    run(
        [
            tool,
            "--strip=1",
            "--fuzz=0",
            "--batch",
            "--forward",
            "--no-backup-if-mismatch",
            f"--directory={tree}",
            f"--input={patch}",
        ],
        LOGS / "patch.log",
        f"native/{patch.name} does not fit llama.cpp of llama-cpp-python {VERSION}, which is in "
        f"build/{UPSTREAM.name}; the hooks may change what is outside its ggml folder.",
    )


def compile_library(name: str, tree: Path, lib: Path, *options: str) -> None:
    """Compiles the tree's libllama and puts it, with the ggml compiled beside it, into lib."""
    cmake, ninja, ccache = find_tool("cmake"), find_tool("ninja"), find_tool("ccache")
    if not cmake:
        raise BuildError("CMake was not found. make environment puts one into .venv")
    began = time.monotonic()
    objects, log = OBJECTS / name, LOGS / f"compile-{name}.log"
    say(f"Compiling the {name} library; the first time takes minutes ({log.relative_to(ROOT)})")
    command = [cmake, f"-S{NATIVE}", f"-B{objects}", "--no-warn-unused-cli"]
    command += ["-GNinja", f"-DCMAKE_MAKE_PROGRAM={ninja}"] if ninja else ["-GUnix Makefiles"]
    command += ["-DCMAKE_BUILD_TYPE=Release", f"-DLLAMA_CPP={tree}", f"-DLIB={lib}"]
    command += ["-DGGML_NATIVE=ON", "-DGGML_CCACHE=OFF", *options]
    if ccache:
        command += [f"-DCMAKE_{language}_COMPILER_LAUNCHER={ccache}" for language in ("C", "CXX")]
    command += shlex.split(os.environ.get("CMAKE_ARGS", ""))
    environment = {
        # build/ may lie in a repository, whose commit upstream would take for its own.
        "GIT_CEILING_DIRECTORIES": str(BUILD),
        # To ccache -march=native looks the same on every CPU.
        "CCACHE_NAMESPACE": digest(cpu()),
        "CCACHE_BASEDIR": str(ROOT),
        "CCACHE_NOHASHDIR": "1",
    }
    run(command, LOGS / f"configure-{name}.log", "CMake could not set it up.", environment)
    command = [cmake, "--build", str(objects), "--target", "llama"]
    if "CMAKE_BUILD_PARALLEL_LEVEL" not in os.environ:
        command.append(f"--parallel={os.cpu_count()}")
    run(command, log, "Compiling failed.", environment)

    shutil.rmtree(lib, ignore_errors=True)
    shutil.copytree(objects / "bin", lib, symlinks=True)
    load = "import ctypes, sys; ctypes.CDLL(sys.argv[1])"
    command = [sys.executable, "-c", load, str(lib / "libllama.so")]
    run(command, LOGS / f"load-{name}.log", "It was compiled but does not load.")
    say(f"Built {lib.relative_to(ROOT)} in {time.monotonic() - began:.0f} s")


def run(
    command: Sequence[str], log: Path, failure: str, environment: Mapping[str, str] | None = None
) -> None:
    """Runs the command to its end, its output in the log; a terminal shows how far ninja is."""
    on_terminal = sys.stdout.isatty()
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("w") as written,
        subprocess.Popen(
            command,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            written.write(line)
            if on_terminal and line.startswith("["):
                print(f"\r  {line.partition(']')[0]}]", end="", flush=True)
    if on_terminal:
        print("\r\033[K", end="")
    if process.returncode:
        last = "\n".join(f"    {line}" for line in log.read_text().splitlines()[-15:])
        raise BuildError(f"{failure} The last lines of {log.relative_to(ROOT)}:\n{last}")


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
