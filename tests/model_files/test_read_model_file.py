"""What is read from complete model files."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter

from app.model_files.architectures import KNOWN_ARCHITECTURES
from app.model_files.errors import ModelFileError
from app.model_files.model_file import WeightLayer, weight_layers_of
from app.model_files.reader import read_model_file, read_source
from app.model_files.tensor_types import TENSOR_TYPES
from tests.model_files.tiny import N_VOCAB, TinyModel, write_tiny

PACK = Path(__file__).parents[3] / "shared" / "models" / "smollm2-pirate-layers-22-29.Q8_0.gguf"


def test_a_tiny_model_is_read_whole(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "tiny.gguf", TinyModel(n_layers=3))
    model = read_model_file(path)
    assert model.path == path
    assert model.size_bytes == path.stat().st_size
    assert (model.architecture, model.name, model.licence) == ("llama", "Tiny", "mit")
    assert (model.n_layers, model.layers) == (3, (0, 1, 2))
    assert (model.n_ctx_train, model.n_embd, model.n_vocab) == (512, 64, N_VOCAB)
    assert model.n_head == (4, 4, 4)
    assert model.n_head_kv == (2, 2, 2)
    assert model.n_embd_head_k == model.n_embd_head_v == (16, 16, 16)
    assert model.file_type == "F16"
    assert model.layer_types == ("F16", "F16", "F16")
    assert model.has_chat_template
    assert model.has_head
    assert not model.is_layer_pack
    assert model.n_swa == 0
    assert model.is_sliding == (False, False, False)


@pytest.mark.parametrize("kind", ["F32", "F16", "Q8_0", "Q4_1", "Q5_0"])
@pytest.mark.parametrize("has_head", [True, False])
def test_bytes_agree_with_the_reader_of_the_gguf_package(
    tmp_path: Path, kind: str, has_head: bool
) -> None:
    tiny = TinyModel(quantisation=GGMLQuantizationType[kind], has_head=has_head)
    path = write_tiny(tmp_path / "tiny.gguf", tiny)
    model = read_model_file(path)
    tensors = {t.name: t for t in GGUFReader(path).tensors}
    for n, layer_bytes in enumerate(model.layer_bytes):
        prefix = f"blk.{n}."
        assert layer_bytes == sum(t.n_bytes for t in tensors.values() if t.name.startswith(prefix))
    assert sum(model.layer_bytes) + model.other_bytes == sum(t.n_bytes for t in tensors.values())
    assert model.token_embd_bytes == tensors["token_embd.weight"].n_bytes
    assert model.token_embd_type == kind
    assert model.has_head == has_head


def test_no_chat_template(tmp_path: Path) -> None:
    model = read_model_file(write_tiny(tmp_path / "t.gguf", TinyModel(chat_template=None)))
    assert not model.has_chat_template


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "t.gguf")
    model = read_model_file(path)
    assert not model.has_changed()
    os.utime(path, ns=(0, model.parts[0].mtime_ns + 1))
    assert model.has_changed()
    path.unlink()
    assert model.has_changed()


def write_metadata(path: Path, architecture: str, n_layers: int, **values: object) -> Path:
    """A file with minimal tensors and the given keys below the architecture's name."""
    writer = GGUFWriter(path, architecture)
    writer.add_block_count(n_layers)
    writer.add_context_length(4096)
    writer.add_embedding_length(64)
    for key, value in values.items():
        name = f"{architecture}.{key.replace('__', '.')}"
        if isinstance(value, list):
            writer.add_array(name, value)
        else:
            assert isinstance(value, int)
            writer.add_uint32(name, value)
    weights = np.ones((2, 64), dtype=np.float32)
    writer.add_tensor("token_embd.weight", weights)
    for n in range(n_layers):
        writer.add_tensor(f"blk.{n}.attn_q.weight", weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_head_counts_and_sizes_by_layer(tmp_path: Path) -> None:
    path = write_metadata(
        tmp_path / "m.gguf",
        "llama",
        3,
        attention__head_count=[4, 8, 4],
        attention__head_count_kv=[4, 2, 0],
        attention__key_length=24,
    )
    model = read_model_file(path)
    assert model.n_head == (4, 8, 4)
    assert model.n_head_kv == (4, 2, 0)
    assert model.n_embd_head_k == (24, 24, 24)
    assert model.n_embd_head_v == (16, 16, 16)


def test_sliding_layers_by_architecture(tmp_path: Path) -> None:
    heads = {"attention__head_count": 4, "attention__sliding_window": 128}
    gemma = read_model_file(write_metadata(tmp_path / "a.gguf", "gemma3", 7, **heads))
    assert gemma.n_swa == 128
    assert gemma.is_sliding == (True, True, True, True, True, False, True)
    first = read_model_file(write_metadata(tmp_path / "b.gguf", "cohere2moe", 5, **heads))
    assert first.is_sliding == (False, True, True, True, False)
    stated = read_model_file(
        write_metadata(
            tmp_path / "c.gguf",
            "gemma4",
            3,
            **heads,
            attention__key_length=32,
            attention__key_length_swa=16,
            attention__sliding_window_pattern=[True, True, False],
        )
    )
    assert stated.is_sliding == (True, True, False)
    assert stated.n_embd_head_k == (16, 16, 32)
    period = read_model_file(
        write_metadata(
            tmp_path / "d.gguf", "gemma2", 4, **heads, attention__sliding_window_pattern=4
        )
    )
    assert period.is_sliding == (True, True, True, False)


def test_a_window_that_the_architecture_ignores_is_ignored(tmp_path: Path) -> None:
    path = write_metadata(
        tmp_path / "m.gguf", "qwen2", 2, attention__head_count=4, attention__sliding_window=128
    )
    model = read_model_file(path)
    assert model.n_swa == 0
    assert model.is_sliding == (False, False)


def test_prediction_layers_are_not_for_plans(tmp_path: Path) -> None:
    path = write_metadata(
        tmp_path / "m.gguf", "glm4moe", 4, attention__head_count=4, nextn_predict_layers=1
    )
    model = read_model_file(path)
    assert model.layers == (0, 1, 2)
    assert model.other_bytes == 2 * model.layer_bytes[0]


def test_weight_layers_are_numbered_on_through_the_sources(tmp_path: Path) -> None:
    first = read_model_file(write_tiny(tmp_path / "a.gguf", TinyModel(n_layers=2)))
    second = read_model_file(write_tiny(tmp_path / "b.gguf", TinyModel(n_layers=1)))
    assert weight_layers_of([first, second]) == (
        WeightLayer(0, 0),
        WeightLayer(0, 1),
        WeightLayer(1, 0),
    )


@pytest.mark.skipif(not PACK.exists(), reason="the layer pack is not there")
def test_a_layer_pack_is_a_source_but_no_model() -> None:
    pack = read_source(PACK)
    assert pack.is_layer_pack
    assert pack.layers == tuple(range(22, 30))
    assert pack.layer_types == ("Q8_0",) * 8
    assert pack.n_head_kv == (3,) * 8
    with pytest.raises(ModelFileError, match=r"only layers \(22 to 29\)"):
        read_model_file(PACK)


def test_tables_hold_all_that_the_gguf_package_knows() -> None:
    assert set(gguf.MODEL_ARCH_NAMES.values()) <= KNOWN_ARCHITECTURES
    for kind, (block_items, block_bytes) in gguf.GGML_QUANT_SIZES.items():
        assert TENSOR_TYPES[kind] == (kind.name, block_items, block_bytes)


def test_records_are_frozen(tmp_path: Path) -> None:
    model = read_model_file(write_tiny(tmp_path / "t.gguf"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.name = "other"  # type: ignore[misc]


def test_what_a_model_was_made_from_is_told(tmp_path: Path) -> None:
    made = read_model_file(write_tiny(tmp_path / "made.gguf", TinyModel(base_model="Old 1B")))
    assert (made.author, made.base_models) == ("Somebody", ("Makers / Old 1B",))
    plain = read_model_file(write_tiny(tmp_path / "plain.gguf"))
    assert (plain.author, plain.base_models) == ("", ())
