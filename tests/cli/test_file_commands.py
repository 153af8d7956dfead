"""`main.py compose` and `main.py inspect` as scripts call them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from gguf import GGMLQuantizationType, GGUFReader

from app.model_files.reader import read_source
from tests.main_program import answer, call, complaint
from tests.model_files.tiny import TinyModel, write_tiny


@pytest.fixture
def base(tmp_path: Path) -> str:
    return str(write_tiny(tmp_path / "base.gguf", TinyModel(name="Base")))


@pytest.fixture
def tuned(tmp_path: Path) -> str:
    quantisation = GGMLQuantizationType.Q8_0
    model = TinyModel(name="Tuned", seed=2, quantisation=quantisation)
    return str(write_tiny(tmp_path / "tuned.gguf", model))


def test_whole_files_and_ranges_in_the_order_named(base: str, tuned: str, tmp_path: Path) -> None:
    out = str(tmp_path / "out.gguf")
    record = answer("compose", "-o", out, base, f"{tuned}@2-3,0", f"{base}@1")
    assert record == {
        "files": [out],
        "bytes": Path(out).stat().st_size,
        "n_layers": 8,
        "layers": [
            *({"file": base, "layer": n} for n in range(4)),
            *({"file": tuned, "layer": n} for n in (2, 3, 0)),
            {"file": base, "layer": 1},
        ],
    }
    found = answer("inspect", out)
    assert (found["name"], found["architecture"]) == ("Base + Tuned", "llama")
    assert (found["licence"], found["n_vocab"], found["n_layers"]) == ("mit", 296, 8)
    assert found["bytes"] == Path(out).stat().st_size
    assert found["n_tensors"] == len(GGUFReader(out).tensors)
    types = [layer["type"] for layer in found["layers"]]
    assert types == ["F16"] * 4 + ["Q8_0"] * 3 + ["F16"]
    origins = [layer["from"] for layer in found["layers"]]
    assert [(origin["file"], origin["layer"]) for origin in origins[3:6]] == [
        ("base.gguf", 3),
        ("tuned.gguf", 2),
        ("tuned.gguf", 3),
    ]
    assert origins[0]["bytes"] == Path(base).stat().st_size
    assert origins[0]["fingerprint"] == origins[7]["fingerprint"] != origins[4]["fingerprint"]
    layer_bytes = sum(sum(layer["types"].values()) for layer in found["layers"])
    assert layer_bytes == sum(layer["bytes"] for layer in found["layers"])


def test_what_a_person_reads(base: str, tuned: str, tmp_path: Path) -> None:
    out = str(tmp_path / "out.gguf")
    said = call("compose", "-o", out, base, f"{tuned}@2-3").stdout
    assert "6 layers" in said
    assert "Use it with a plan" in said
    said = call("inspect", out).stdout
    for words in ("Base + Tuned", "6 (0-5)", "296 tokens", "mit", "layers 4-5", "tuned.gguf"):
        assert words in said
    said = call("compose", "-o", out, f"{base}@0-1", f"{tuned}@2-3").stdout
    assert "Any llama.cpp can run it." in said


def test_a_composed_file_tells_where_its_own_sources_had_layers_from(
    base: str, tuned: str, tmp_path: Path
) -> None:
    once, twice = str(tmp_path / "once.gguf"), str(tmp_path / "twice.gguf")
    answer("compose", "-o", once, base, f"{tuned}@2")
    answer("compose", "-o", twice, f"{once}@4", f"{tuned}@1")
    origins = [layer["from"] for layer in answer("inspect", twice)["layers"]]
    assert [(origin["file"], origin["layer"]) for origin in origins] == [
        ("tuned.gguf", 2),
        ("tuned.gguf", 1),
    ]
    assert origins[0] == {**origins[1], "layer": 2}
    assert [layer["from"] for layer in answer("inspect", base)["layers"]] == [None] * 4


def test_a_pack_of_some_layers(base: str, tuned: str, tmp_path: Path) -> None:
    out = tmp_path / "pack.gguf"
    said = call("compose", "--pack", "-o", str(out), f"{tuned}@3,1").stdout
    assert "beside the model" in said
    pack = read_source(out)
    assert (pack.is_layer_pack, pack.layers, pack.name) == (True, (1, 3), "Tuned (layers 1, 3)")
    assert answer("inspect", str(out))["is_layer_pack"]
    assert "layer pack" in call("inspect", str(out)).stdout
    assert "one file" in complaint("compose", "--pack", "-o", str(out), base, tuned, status=2)
    assert "has only layers" in complaint("compose", "-o", str(tmp_path / "o.gguf"), str(out))


def test_parts_of_a_size(base: str, tuned: str, tmp_path: Path) -> None:
    out = str(tmp_path / "out.gguf")
    record = answer("compose", "-o", out, base, tuned, "--split-max-size", "200K")
    files = [Path(file) for file in record["files"]]
    assert len(files) > 2
    assert files[0].name == f"out-00001-of-{len(files):05d}.gguf"
    found = answer("inspect", str(files[0]))
    assert found["files"] == record["files"]
    assert (found["n_layers"], found["bytes"]) == (8, record["bytes"])


@pytest.mark.parametrize("name", ["a@0-1", "a@b.gguf", "@.gguf"])
def test_file_names_may_hold_the_sign(base: str, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shutil.copy(base, path)
    out = str(tmp_path / "out.gguf")
    assert answer("compose", "-o", out, str(path))["n_layers"] == 4
    assert answer("compose", "-o", out, f"{path}@2-3")["n_layers"] == 2


@pytest.mark.parametrize(
    ("layers", "status", "words"),
    [
        ("@3-1", 2, "ends before it begins"),
        ("@1,,2", 2, "No layers are given"),
        ("@first", 2, "is not a range of layers"),
        ("@3-4", 1, "has layers 0-3, but no layer 4"),
    ],
)
def test_layers_that_cannot_be_taken(
    base: str, tmp_path: Path, layers: str, status: int, words: str
) -> None:
    out = tmp_path / "out.gguf"
    assert words in complaint("compose", "-o", str(out), base + layers, status=status)
    assert not out.exists()


def test_no_source_is_written_over(base: str, tuned: str) -> None:
    before = Path(base).read_bytes()
    assert "source files" in complaint("compose", "-o", base, tuned, base)
    assert Path(base).read_bytes() == before
