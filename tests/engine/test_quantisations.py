"""The kinds of weights that people have: each runs on the CPU, mapped and repacked, and a plan
over it is bit-identical to the ordinary file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType

from app.engine.native import Base, View, llama
from app.plan.recipe import Recipe, RecipeWeight
from tests.engine.composed import write_baked
from tests.engine.logits import N_THREADS, logits_in_batches
from tests.engine.unpatched import Batch, Unpatched
from tests.model_files.tiny import TinyModel, write_tiny

N_LAYERS = 4
LAYERS = (0, 2, 3)
PROMPT = tuple(i * 37 % 260 for i in range(48))
BATCHES: tuple[Batch, ...] = ((PROMPT, 1), ((7,), 1))
KINDS = {
    "F16": llama.LLAMA_FTYPE_MOSTLY_F16,
    "Q8_0": llama.LLAMA_FTYPE_MOSTLY_Q8_0,
    "Q4_0": llama.LLAMA_FTYPE_MOSTLY_Q4_0,
    "Q4_1": llama.LLAMA_FTYPE_MOSTLY_Q4_1,
    "Q4_K": llama.LLAMA_FTYPE_MOSTLY_Q4_K_S,
}


@pytest.fixture(scope="module")
def unpatched(unpatched_lib: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unpatched]:
    process = Unpatched(unpatched_lib, tmp_path_factory.mktemp("unpatched"), N_THREADS)
    yield process
    process.close()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tiny = TinyModel(n_layers=N_LAYERS, n_embd=256, n_ff=512, quantisation=GGMLQuantizationType.F32)
    return write_tiny(tmp_path_factory.mktemp("original") / "m.gguf", tiny)


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest, original: Path, tmp_path: Path) -> Path:
    params = llama.llama_model_quantize_default_params()
    params.ftype = KINDS[request.param]
    params.nthread = N_THREADS
    out = tmp_path / "m.gguf"
    assert llama.llama_model_quantize(str(original).encode(), str(out).encode(), params) == 0
    return out


@pytest.mark.parametrize("repacked", [True, False], ids=["repacked", "mapped"])
def test_a_plan_that_leaves_layers_out_is_the_ordinary_file(
    model: Path, unpatched: Unpatched, tmp_path: Path, repacked: bool
) -> None:
    whole = Base(str(model), repacked=repacked)
    part = Base(str(model), LAYERS, repacked=repacked)
    assert np.array_equal(
        logits_in_batches(View([whole], Recipe.whole(N_LAYERS)), BATCHES),
        unpatched.logits(model, BATCHES, repacked=repacked),
    )
    baked = write_baked(model, LAYERS, tmp_path / "baked.gguf")
    expected = unpatched.logits(baked, BATCHES, repacked=repacked)
    recipe = Recipe((RecipeWeight(0, 1, 0, -1), RecipeWeight(1, 3, 2, 0)))
    for base in (whole, part):
        assert np.array_equal(logits_in_batches(View([base], recipe), BATCHES), expected)
        base.close()
