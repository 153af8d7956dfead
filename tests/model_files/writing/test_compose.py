"""What cannot be composed, and why; how composed files run is tried in tests/engine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.model_files.errors import ModelFileError
from app.model_files.provenance import AVERAGES
from app.model_files.reader import read_model_file, read_source
from app.model_files.writing.compose import SourceLayer, all_layers, compose, layer_pack
from app.model_files.writing.entries import F32, U32, U64, entry, text_entry
from app.model_files.writing.planned import PlannedFile
from app.model_files.writing.stored import stored_model
from app.model_files.writing.write import write
from tests.model_files.tiny import TinyModel, write_tiny

A_LAYER_OF_EACH = [SourceLayer(0, 0), SourceLayer(1, 1)]


def composed(paths: Sequence[Path], layers: Sequence[SourceLayer] = A_LAYER_OF_EACH) -> PlannedFile:
    return compose([stored_model(path) for path in paths], layers)


def complaint(paths: Sequence[Path], layers: Sequence[SourceLayer] = A_LAYER_OF_EACH) -> str:
    with pytest.raises(ModelFileError) as caught:
        composed(paths, layers)
    return str(caught.value)


def two(tmp_path: Path, model: TinyModel, other: TinyModel | None = None) -> list[Path]:
    """Two model files whose rope tensors, where they have them, differ."""
    second = replace(model if other is None else other, seed=2)
    return [write_tiny(tmp_path / "a.gguf", model), write_tiny(tmp_path / "b.gguf", second)]


def restated(path: Path, values: Mapping[str, bytes | None]) -> Path:
    """The file with other metadata; None takes a value out."""
    source = stored_model(path)
    planned = compose([source], all_layers([source]))
    metadata = {k: v for k, v in {**planned.metadata, **values}.items() if v is not None}
    write(replace(planned, metadata=metadata), path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)
    return path


def test_what_does_not_fit_together(tmp_path: Path) -> None:
    paths = two(tmp_path, TinyModel(), TinyModel(n_embd=128))
    assert "“b.gguf” does not fit “a.gguf”: its width (n_embd) is 128" in complaint(paths)


def test_sizes_that_one_file_cannot_hold(tmp_path: Path) -> None:
    """Read one by one they may differ; llama.cpp makes all layers of a file by layer 0's."""
    paths = two(tmp_path, TinyModel(), TinyModel(n_ff=192))
    said = complaint(paths)
    assert "“llama.feed_forward_length” of layer 1 in “b.gguf” is 192 instead of 128" in said
    only_second = [SourceLayer(1, 2), SourceLayer(1, 0)]
    (out,) = write(composed(paths, only_second), tmp_path / "out.gguf")
    assert read_model_file(out).n_layers == 2


def test_rope_tensors_that_differ(tmp_path: Path) -> None:
    tiny = TinyModel(n_layers=4, architecture="llama with rope factors")
    paths = two(tmp_path, tiny)
    assert "“rope_freqs.weight” in “b.gguf” is not the same" in complaint(paths)
    assert composed(paths, [SourceLayer(0, 1)]).tensors
    paths = two(tmp_path, TinyModel(n_layers=4), tiny)
    assert "“rope_freqs.weight” in “b.gguf” is not the same" in complaint(paths)


def test_an_architecture_whose_layers_are_not_apart(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "a.gguf", TinyModel(architecture="mellum"))
    assert "architecture “mellum”, whose layers depend on more" in complaint(
        [path], [SourceLayer(0, 0)]
    )


def test_layers_that_differ_by_their_number(tmp_path: Path) -> None:
    tiny = TinyModel(n_layers=6, architecture="smollm3")
    paths = two(tmp_path, tiny)
    assert composed(paths, [SourceLayer(0, 0), SourceLayer(1, 5)]).tensors
    assert composed(paths, [SourceLayer(0, 0), SourceLayer(1, 2)]).tensors
    said = complaint(paths, [SourceLayer(0, 0), SourceLayer(1, 3)])
    assert "Layer 3 of “b.gguf” would become layer 1, but every 4th layer" in said


def test_layers_that_differ_by_their_number_in_the_large_variant_only(tmp_path: Path) -> None:
    swapped = [SourceLayer(0, 3), SourceLayer(0, 1), SourceLayer(0, 2), SourceLayer(0, 0)]
    small = write_tiny(tmp_path / "a.gguf", TinyModel(n_layers=4, architecture="exaone4"))
    assert composed([small], swapped).tensors
    large = write_tiny(tmp_path / "b.gguf", TinyModel(n_layers=64, architecture="exaone4"))
    rest = [SourceLayer(0, n) for n in range(4, 64)]
    assert composed([large], [*(SourceLayer(0, n) for n in range(4)), *rest]).tensors
    assert "Layer 3 of “b.gguf” would become layer 0" in complaint([large], swapped + rest)


def test_a_number_of_layers_that_means_another_variant(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "a.gguf", TinyModel(n_layers=6, architecture="gemma2"))
    layers = [SourceLayer(0, n % 6) for n in range(46)]
    assert "would take 46 layers for another variant than 6" in complaint([path], layers)
    assert composed([path], layers[:45]).tensors


def test_layers_without_experts_come_first(tmp_path: Path) -> None:
    paths = two(tmp_path, TinyModel(n_layers=6, architecture="deepseek"))
    layers = [SourceLayer(0, 0), SourceLayer(0, 3), SourceLayer(1, 1)]
    assert "Layer 1 of “b.gguf” has no experts" in complaint(paths, layers)
    (out,) = write(composed(paths, [layers[0], layers[2], layers[1]]), tmp_path / "out.gguf")
    assert read_model_file(out).settings["leading_dense_block_count"] == 2


def test_one_layer_at_least_has_the_window(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "a.gguf", TinyModel(n_layers=6, architecture="gemma2"))
    assert "None of the chosen layers" in complaint([path], [SourceLayer(0, 1), SourceLayer(0, 3)])


def test_too_many_layers_and_none(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "a.gguf")
    assert "not 513" in complaint([path], [SourceLayer(0, 0)] * 513)
    assert "not 0" in complaint([path], [])
    with pytest.raises(ModelFileError, match="at least one layer"):
        layer_pack(stored_model(path), [])
    with pytest.raises(ModelFileError, match="has layers 0-3, but no layer 4"):
        layer_pack(stored_model(path), [4])


def test_what_is_not_kept_per_layer_comes_from_the_first(tmp_path: Path) -> None:
    first, second = two(tmp_path, TinyModel(name="A"), TinyModel(name="B"))
    restated(
        first,
        {
            "general.size_label": text_entry("general.size_label", "4K"),
            "general.base_model.count": entry("general.base_model.count", U32, 1),
            "general.base_model.0.name": text_entry("general.base_model.0.name", "Root"),
            "llama.rope.freq_base": entry("llama.rope.freq_base", F32, 10000.0),
        },
    )
    (out,) = write(composed([first, second]), tmp_path / "out.gguf")
    model = read_model_file(out)
    assert (model.name, model.licence, model.base_models) == ("A + B", "mit", ("Root",))
    assert model.vocab_sha256 == read_model_file(first).vocab_sha256
    header = stored_model(out).header
    assert header.scalars["llama.rope.freq_base"] == 10000.0
    assert "general.size_label" not in header.scalars  # no longer true


def test_predicting_ahead_is_left_out(tmp_path: Path) -> None:
    """The last block of such a file is no layer that plans borrow."""
    path = write_tiny(tmp_path / "a.gguf", TinyModel(n_layers=4))
    key = "llama.nextn_predict_layers"
    restated(path, {key: entry(key, U32, 1)})
    source = stored_model(path)
    assert list(source.layers) == [0, 1, 2]
    (out,) = write(compose([source], all_layers([source])), tmp_path / "out.gguf")
    model = read_model_file(out)
    assert (model.layers, model.settings["nextn_predict_layers"]) == ((0, 1, 2), 0)
    assert {t.name.split(".")[1] for t in stored_model(out).others} == {"weight"}


def test_a_lie_about_provenance_is_no_provenance(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "a.gguf")
    source = stored_model(path)
    planned = compose([source], all_layers([source]))
    lies: tuple[tuple[str, int, Sequence[float] | int], ...] = (
        ("llama_blocks.layer.source", U32, [0, 0, 0, 7]),
        ("llama_blocks.layer.number", U32, [0, 1, 2]),
        ("llama_blocks.layer.number", F32, [math.inf] * 4),
        ("llama_blocks.layer.number", U64, [1 << 40] * 4),
        ("llama_blocks.source.count", U32, 0),
    )
    for key, kind, value in lies:
        metadata = {**planned.metadata, key: entry(key, kind, value)}
        (out,) = write(replace(planned, metadata=metadata), tmp_path / "out.gguf")
        assert read_source(out).provenance is None
    (out,) = write(planned, tmp_path / "out.gguf")
    assert read_source(out).provenance is not None


@pytest.mark.parametrize("layer", [[math.nan], [math.inf], [-1.0]])
def test_a_lie_about_averages_names_none(tmp_path: Path, layer: list[float]) -> None:
    lists = {key: entry(key, F32, layer) for key in AVERAGES}
    made = read_source(restated(write_tiny(tmp_path / "a.gguf"), lists)).provenance
    assert made is not None
    assert made.averages == ()


def test_a_list_of_sizes_that_is_too_short(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "a.gguf")
    key = "llama.feed_forward_length"
    restated(path, {key: entry(key, U32, [128, 128, 128])})
    layers = [SourceLayer(0, number) for number in range(4)]
    said = complaint([path], layers)
    assert "“llama.feed_forward_length” in “a.gguf” is a list of 3 values" in said
    assert "too short for layer 3" in said
