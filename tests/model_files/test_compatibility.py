"""Which model files fit together, and what is said of those that do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gguf import GGMLQuantizationType

from app.model_files.compatibility import require_compatible
from app.model_files.errors import ModelFileError
from app.model_files.model_file import ModelFile
from app.model_files.reader import read_model_file
from app.model_files.sources import read_sources
from tests.model_files.tiny import TinyModel, write_tiny

PACK = Path(__file__).parents[3] / "shared" / "models" / "smollm2-pirate-layers-22-29.Q8_0.gguf"


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "first.gguf")


@pytest.fixture
def model(first: Path) -> ModelFile:
    return read_model_file(first)


def complaint(first: ModelFile, other: ModelFile) -> str:
    with pytest.raises(ModelFileError) as caught:
        require_compatible([first, first, other])
    assert caught.value.path == other.path
    return str(caught.value)


def test_variants_fit(tmp_path: Path, first: Path) -> None:
    kinds = GGMLQuantizationType
    variants = (
        TinyModel(seed=1, quantisation=kinds.Q8_0, n_layers=7),
        TinyModel(seed=2, n_ff=256, n_ctx_train=128, chat_template=None, name="Other"),
        TinyModel(seed=3, has_head=False),
    )
    paths = [write_tiny(tmp_path / f"{v.seed}.gguf", v) for v in variants]
    models = read_sources([first, *paths])
    assert [m.n_layers for m in models] == [4, 7, 4, 4]


@pytest.mark.parametrize(
    ("tiny", "words"),
    [
        (TinyModel(architecture="qwen3"), "its architecture is qwen3 instead of llama"),
        (TinyModel(n_embd=128), "its width (n_embd) is 128 instead of 64"),
        (TinyModel(n_head=8), "its key size of a head (n_embd_head_k) is 8 instead of 16"),
        (TinyModel(n_head_kv=4), "number of key-value heads (n_head_kv) is 4 instead of 2"),
    ],
)
def test_the_first_difference_is_named(
    tmp_path: Path, first: Path, tiny: TinyModel, words: str
) -> None:
    other = write_tiny(tmp_path / "other.gguf", tiny)
    with pytest.raises(ModelFileError) as caught:
        read_sources([first, other])
    message = str(caught.value)
    assert message.startswith("“other.gguf” does not fit “first.gguf”: its ")
    assert words in message


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"rope.dimension_count": 8}, "rotated dimensions (n_rot) is 8 instead of 16"),
        ({"rope.freq_base": 1e6}, "rope frequency base is 1000000 instead of 10000"),
        (
            {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0},
            "rope scaling is yarn 4 instead of none",
        ),
        ({"rope.scale_linear": 2.0}, "rope scaling is linear 2 instead of none"),
        ({"attention.layer_norm_rms_epsilon": 1e-6}, "norm epsilon is 1e-06 instead of 1e-05"),
        ({"expert_count": 8}, "number of experts (n_expert) is 8 instead of 0"),
        ({"expert_used_count": 2}, "(n_expert_used) is 2 instead of 0"),
    ],
)
def test_settings_are_compared_with_their_defaults(
    model: ModelFile, settings: dict[str, Any], words: str
) -> None:
    other = replace(model, settings={**model.settings, **settings})
    assert words in complaint(model, other)


@pytest.mark.parametrize(
    "settings",
    [
        {"rope.freq_base": 10000.0},
        {"rope.scaling.type": "linear", "rope.scaling.factor": 1.0},
        {"attention.key_length": 16},
        {"vocab_size": 1, "context_length": 9, "feed_forward_length": 9, "block_count": 99},
        {"some.note": 3},
    ],
)
def test_stating_a_default_is_no_difference(model: ModelFile, settings: dict[str, Any]) -> None:
    require_compatible([model, replace(model, settings={**model.settings, **settings})])


def test_any_other_setting_counts_where_both_state_it(model: ModelFile) -> None:
    louder = replace(model, settings={**model.settings, "residual_scale": 0.5})
    softer = replace(model, settings={**model.settings, "residual_scale": 0.25})
    require_compatible([model, softer])
    assert "setting “residual_scale” is 0.25 instead of 0.5" in complaint(louder, softer)


def test_heads_may_vary_by_layer_as_they_do_in_the_first(model: ModelFile) -> None:
    varied = replace(model, n_head=(4, 8, 4, 8))
    require_compatible([varied, replace(model, n_head=(8, 8, 8, 8))])
    other = replace(model, n_head=(8, 6, 6, 6))
    assert "number of heads (n_head) is 6 instead of 4 or 8" in complaint(varied, other)


def test_a_sliding_window_of_another_width(model: ModelFile) -> None:
    assert "(n_swa) is 128 instead of 0" in complaint(model, replace(model, n_swa=128))


def test_one_other_token_is_another_vocabulary(
    tmp_path: Path, first: Path, model: ModelFile
) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(first.read_bytes().replace(b"<|extra_3|>", b"<|extra_X|>"))
    other = read_model_file(path)
    fingerprints = f"is {other.vocab_sha256[:12]} instead of {model.vocab_sha256[:12]}"
    assert fingerprints in complaint(model, other)
    fewer = replace(model, n_vocab=model.n_vocab - 1)
    assert "vocabulary size (n_vocab) is 295 instead of 296" in complaint(model, fewer)


def test_files_of_one_name_are_told_apart_by_their_paths(tmp_path: Path, first: Path) -> None:
    (tmp_path / "b").mkdir()
    other = write_tiny(tmp_path / "b" / first.name, TinyModel(n_embd=128))
    with pytest.raises(ModelFileError, match="does not fit") as caught:
        read_sources([first, other])
    assert f"“{other}”" in str(caught.value)
    assert f"“{first}”" in str(caught.value)


def test_a_file_is_named_once(tmp_path: Path, first: Path) -> None:
    link = tmp_path / "link.gguf"
    link.symlink_to(first)
    with pytest.raises(ModelFileError, match="listed twice"):
        read_sources([first, link])


@pytest.mark.skipif(not PACK.exists(), reason="the layer pack is not there")
def test_a_layer_pack_fits_behind_its_base_only(model_path: Path, first: Path) -> None:
    base, pack = read_sources([model_path, PACK])
    assert base.vocab_sha256 == pack.vocab_sha256
    assert (base.n_layers, pack.n_layers) == (30, 8)
    with pytest.raises(ModelFileError, match="has only layers"):
        read_sources([PACK, model_path])
    with pytest.raises(ModelFileError, match=r"width \(n_embd\) is 576 instead of 64"):
        read_sources([first, PACK])
