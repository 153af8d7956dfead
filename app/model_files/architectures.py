"""Which architectures the pinned llama.cpp knows, and which of their layers slide.

Both tables follow llama-cpp-python 0.3.36: `src/llama-arch.cpp` and `load_arch_hparams` of
`src/models/*.cpp`.
"""

from __future__ import annotations

_NAMES = """
afmoe apertus arcee arctic arwkv7 baichuan bailingmoe bailingmoe2 bailingmoe3 bert bitnet bloom
chameleon chatglm clip codeshell cogvlm cohere2 cohere2moe command-r dbrx deci deepseek deepseek2
deepseek2-ocr deepseek32 deepseek4 dflash dots1 dots3note dream eagle3 ernie4_5 ernie4_5-moe
eurobert exaone exaone-moe exaone4 falcon falcon-h1 gemma gemma-embedding gemma2 gemma3 gemma3n
gemma4 gemma4-assistant glm-dsa glm4 glm4moe glm5-next gpt-oss gpt2 gptj gptneox granite
granite_swa granitehybrid granitemoe graniteswitch grok grovemoe hrm_text hunyuan-dense
hunyuan-moe hunyuan_vl hy_v3 hy_v4 internlm2 jais jais2 jamba jina-bert-v2 jina-bert-v3 kimi-k3
kimi-linear laguna lfm2 lfm2moe llada llada-moe llama llama-embed llama4 maincoder mamba mamba2
maple mellum mimo2 minicpm minicpm3 minimax-01 minimax-m2 minimax-m3 mistral3 mistral4 modern-bert
mpt muse-glimmer nanbeige nemotron nemotron_h nemotron_h_moe neo-bert nomic-bert nomic-bert-moe
olmo olmo2 olmoe openelm orion paddleocr pangu-embedded phi2 phi3 phimoe plamo plamo2 plamo3 plm
pockettts qwen qwen2 qwen2moe qwen2vl qwen3 qwen35 qwen35moe qwen3moe qwen3next qwen3tts qwen3vl
qwen3vlmoe qwen4exp refact rnd1 rwkv6 rwkv6qwen2 rwkv7 seed_oss smallthinker smollm3 spark2_5
stablelm starcoder starcoder2 step35 t5 t5encoder talkie wavtokenizer-dec xverse
"""

KNOWN_ARCHITECTURES = frozenset(_NAMES.split())

_SLIDING_PERIOD = {
    "afmoe": 4,
    "cohere2": 4,
    "cohere2moe": 4,
    "exaone-moe": 4,
    "gemma2": 2,
    "gemma3": 6,
    "gemma3n": 5,
    "gemma4": 1,
    "gpt-oss": 2,
    "granite_swa": 1,
    "laguna": 4,
    "llama4": 4,
    "mellum": 4,
    "mimo2": 1,
    "muse-glimmer": 4,
    "olmo2": 4,
    "plamo3": 8,
    "smallthinker": 4,
    "step35": 1,
}
"""Every n-th layer attends to all tokens, unless the file states a pattern (1: all do)."""

_FULL_LAYER_FIRST = frozenset({"cohere2moe", "laguna", "smallthinker"})
_WINDOW_WHEN_UNSTATED = {"gemma2": 4096, "llama4": 8192}
_WINDOW_FIXED = {"llama4": 8192, "smallthinker": 4096}


def sliding_window(architecture: str, stated: int | None) -> int:
    """Tokens a sliding layer looks back, 0 when none slides; `stated` is the file's own figure."""
    if architecture not in _SLIDING_PERIOD or stated == 0:
        return 0
    if stated is None:
        return _WINDOW_WHEN_UNSTATED.get(architecture, 0)
    return _WINDOW_FIXED.get(architecture, stated)


def sliding_layers(architecture: str, n_layers: int, stated: int | None) -> tuple[bool, ...]:
    """For each layer whether it slides; `stated` is the period written in the file, if any."""
    period = _SLIDING_PERIOD[architecture] if stated is None else stated
    full = 0 if architecture in _FULL_LAYER_FIRST else period - 1
    return tuple(period == 0 or il % period != full for il in range(n_layers))
