"""The tensors and metadata that each architecture wants of a model file, for tiny models.

Tensors are written as `Sizes.shapes` reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Value = bool | int | float | str | list[bool] | list[int] | list[float]

NORMS = "attn_norm:E ffn_norm:E"
NORM_BIASES = "attn_norm.bias:E ffn_norm.bias:E"
POST_NORMS = "post_attention_norm:E post_ffw_norm:E"
HEAD_NORMS = "attn_q_norm:D attn_k_norm:D"
QKV = "attn_q:A,E attn_k:G,E attn_v:G,E"
QKV_BIASES = "attn_q.bias:A attn_k.bias:G attn_v.bias:G"
FUSED_QKV = "attn_qkv:Q,E"
ATTENTION = f"{QKV} attn_output:E,A"
FUSED_ATTENTION = f"{FUSED_QKV} attn_output:E,A"
FUSED_BIASES = "attn_qkv.bias:Q attn_output.bias:E"
LATENT_ATTENTION = (
    "attn_q_a_norm:M attn_kv_a_norm:M attn_q_a:M,E attn_q_b:A,M attn_kv_a_mqa:L,E "
    "attn_k_b:H,M,R attn_v_b:H,D,M attn_output:E,A"
)
UP_DOWN = "ffn_up:F,E ffn_down:E,F"
UP_DOWN_BIASES = "ffn_up.bias:F ffn_down.bias:E"
GATED = f"ffn_gate:F,E {UP_DOWN}"
FUSED_GATED = "ffn_up:2F,E ffn_down:E,F"
ROUTER = "ffn_gate_inp:X,E"
EXPERTS = f"{ROUTER} ffn_gate_exps:X,F,E ffn_up_exps:X,F,E ffn_down_exps:X,E,F"
SMALL_EXPERTS = f"{ROUTER} ffn_gate_exps:X,M,E ffn_up_exps:X,M,E ffn_down_exps:X,E,M"
SMALL_EXPERT_BIASES = "ffn_gate_exps.bias:X,M ffn_up_exps.bias:X,M ffn_down_exps.bias:X,E"
SHARED_EXPERT = "ffn_gate_shexp:M,E ffn_up_shexp:M,E ffn_down_shexp:E,M"
LLAMA = f"{NORMS} {ATTENTION} {GATED}"
GPT2 = f"{NORMS} {NORM_BIASES} {FUSED_ATTENTION} {FUSED_BIASES} {UP_DOWN} {UP_DOWN_BIASES}"

TOP = "token_embd:V,E output_norm:E output:V,E"
TIED_TOP = "token_embd:V,E output_norm:E"
TOP_WITH_BIAS = f"{TOP} output_norm.bias:E"

ROUTING: Mapping[str, Value] = {"expert_count": 4, "expert_used_count": 2}
SMALL_ROUTING: Mapping[str, Value] = {**ROUTING, "expert_feed_forward_length": 32}
N_DENSE_LEAD = 2
MIXED_ROUTING: Mapping[str, Value] = {
    **SMALL_ROUTING,
    "expert_shared_count": 1,
    "expert_weights_scale": 2.0,
    "leading_dense_block_count": N_DENSE_LEAD,
}
"""Of a file whose first layers are dense, and the others mixtures of experts."""
DENSE_FIRST = ((1, 3, 2, 5, 3), (1, 0, 1, 4), (5, 2))
WINDOW = 4
"""Tokens that a sliding-window layer sees: fewer than the tests decode."""


def sliding(*is_sliding: int) -> dict[str, Value]:
    """The metadata of the layers' attention kinds."""
    return {
        "attention.sliding_window": WINDOW,
        "attention.sliding_window_pattern": [bool(value) for value in is_sliding],
    }


@dataclass(frozen=True)
class Architecture:
    """`layer` gives a layer's tensors by its number; tuples are per layer, None is as usual.

    Metadata names are under the architecture's, or, after a `/`, under no one's. `sequences` are
    orders of the layers that an ordinary file can have too.
    """

    gguf_name: str
    layer: Callable[[int], str]
    top: str = TOP
    metadata: Mapping[str, Value] = field(default_factory=dict)
    n_head: tuple[int, ...] | None = None
    n_head_kv: tuple[int, ...] | None = None
    n_ff: tuple[int, ...] | None = None
    n_embd_head: int | None = None
    sequences: tuple[tuple[int, ...], ...] = ((0, 2, 1, 2, 5), (4, 3))


def architecture_of(name: str) -> Architecture:
    """That of ARCHITECTURES, or one of that name with the tensors of llama."""
    return ARCHITECTURES.get(name) or Architecture(name, _every(LLAMA))


def _every(tensors: str) -> Callable[[int], str]:
    return lambda layer: tensors


def _dense_first(dense: str, mixed: str) -> Callable[[int], str]:
    return lambda layer: dense if layer < N_DENSE_LEAD else mixed


def _plain(gguf_name: str, tensors: str, top: str = TOP, **metadata: Value) -> Architecture:
    return Architecture(
        gguf_name, _every(tensors), top, {k.replace("__", "."): v for k, v in metadata.items()}
    )


ARCHITECTURES: Mapping[str, Architecture] = {
    "llama": _plain("llama", LLAMA),
    "llama with rope factors": _plain("llama", LLAMA, f"{TIED_TOP} rope_freqs:R"),
    "llama with experts": Architecture(
        "llama", _every(f"{NORMS} {ATTENTION} {EXPERTS}"), TOP, ROUTING
    ),
    "qwen": _plain(
        "qwen",
        f"{NORMS} {FUSED_ATTENTION} attn_qkv.bias:Q ffn_gate:M,E ffn_up:M,E ffn_down:E,M",
        feed_forward_length=64,
        attention__head_count_kv=4,
    ),
    "qwen2": _plain("qwen2", f"{LLAMA} {QKV_BIASES}"),
    "qwen2moe": Architecture(
        "qwen2moe",
        _every(
            f"{NORMS} {ATTENTION} {QKV_BIASES} {SMALL_EXPERTS} ffn_gate_inp_shexp:E {SHARED_EXPERT}"
        ),
        TOP,
        {**SMALL_ROUTING, "expert_shared_feed_forward_length": 32},
    ),
    "qwen3": _plain("qwen3", f"{LLAMA} {HEAD_NORMS}"),
    "qwen3moe": Architecture(
        "qwen3moe",
        _every(f"{NORMS} {HEAD_NORMS} {ATTENTION} {SMALL_EXPERTS}"),
        TIED_TOP,
        SMALL_ROUTING,
        n_embd_head=32,
    ),
    "gemma": _plain("gemma", LLAMA, TIED_TOP),
    "gemma2": Architecture(
        "gemma2",
        _every(f"{LLAMA} {POST_NORMS}"),
        TIED_TOP,
        sliding(1, 0, 1, 0, 1, 0),
        n_embd_head=32,
    ),
    "gemma3": Architecture(
        "gemma3",
        _every(f"{LLAMA} {POST_NORMS} {HEAD_NORMS}"),
        TIED_TOP,
        {**sliding(1, 1, 0, 1, 1, 0), "rope.freq_base": 1e6},
        n_embd_head=32,
    ),
    "phi2": _plain(
        "phi2",
        f"attn_norm:E attn_norm.bias:E {ATTENTION} {QKV_BIASES} attn_output.bias:E "
        f"{UP_DOWN} {UP_DOWN_BIASES}",
        f"{TOP_WITH_BIAS} output.bias:V",
    ),
    "phi3": _plain(
        "phi3",
        f"{NORMS} {FUSED_ATTENTION} {FUSED_GATED}",
        f"{TOP} rope_factors_long:R rope_factors_short:R",
    ),
    "phimoe": Architecture(
        "phimoe",
        _every(f"{NORMS} {NORM_BIASES} {ATTENTION} {QKV_BIASES} attn_output.bias:E {EXPERTS}"),
        f"{TOP_WITH_BIAS} output.bias:V",
        ROUTING,
    ),
    "olmo": _plain("olmo", f"{ATTENTION} {GATED}", "token_embd:V,E output:V,E"),
    "olmo2": Architecture(
        "olmo2",
        _every(f"{ATTENTION} attn_q_norm:A attn_k_norm:G {POST_NORMS} {GATED}"),
        TOP,
        {
            **sliding(1, 0, 1, 1, 0, 1),
            "rope.scaling.type": "yarn",
            "rope.scaling.factor": 4.0,
            "rope.scaling.original_context_length": 128,
        },
    ),
    "olmo2 without a window": _plain(
        "olmo2", f"{ATTENTION} attn_q_norm:A attn_k_norm:G {POST_NORMS} {GATED}"
    ),
    "olmoe": Architecture(
        "olmoe",
        _every(f"{NORMS} attn_q_norm:A attn_k_norm:A {ATTENTION} {EXPERTS}"),
        TOP,
        {**ROUTING, "attention.head_count_kv": 4},
    ),
    "granite": _plain(
        "granite",
        LLAMA,
        logit_scale=8.0,
        residual_scale=0.22,
        embedding_scale=12.0,
        attention__scale=0.1,
    ),
    "granitemoe": Architecture(
        "granitemoe",
        _every(f"{NORMS} {ATTENTION} {EXPERTS} {SHARED_EXPERT}"),
        TOP,
        {
            **ROUTING,
            "expert_shared_feed_forward_length": 32,
            "logit_scale": 8.0,
            "residual_scale": 0.22,
            "embedding_scale": 12.0,
            "attention.scale": 0.1,
        },
    ),
    "minicpm": _plain("minicpm", LLAMA, logit_scale=0.5, residual_scale=0.3, embedding_scale=12.0),
    "gpt-oss": Architecture(
        "gpt-oss",
        _every(
            f"attn_norm:E post_attention_norm:E {ATTENTION} {QKV_BIASES} attn_output.bias:E "
            f"attn_sinks:H {SMALL_EXPERTS} ffn_gate_inp.bias:X {SMALL_EXPERT_BIASES}"
        ),
        TOP,
        {**SMALL_ROUTING, **sliding(1, 0, 1, 0, 1, 0)},
        n_embd_head=32,
    ),
    "starcoder": _plain("starcoder", GPT2, f"{TOP_WITH_BIAS} position_embd:C,E"),
    "starcoder2": _plain(
        "starcoder2",
        f"{NORMS} {NORM_BIASES} {ATTENTION} {QKV_BIASES} attn_output.bias:E "
        f"{UP_DOWN} {UP_DOWN_BIASES}",
        TOP_WITH_BIAS,
    ),
    "stablelm": Architecture(
        "stablelm",
        lambda layer: (
            f"attn_norm:E attn_norm.bias:E {ATTENTION} {GATED}"
            + (" ffn_norm:E ffn_norm.bias:E" if layer % 2 == 0 else "")
        ),
        TOP_WITH_BIAS,
    ),
    "falcon": Architecture(
        "falcon",
        lambda layer: (
            f"attn_norm:E attn_norm.bias:E {FUSED_ATTENTION} {UP_DOWN}"
            + (" attn_norm_2:E attn_norm_2.bias:E" if layer % 2 == 0 else "")
        ),
        TOP_WITH_BIAS,
    ),
    "gpt2": _plain("gpt2", GPT2, f"{TOP_WITH_BIAS} position_embd:C,E"),
    "gptneox": _plain("gptneox", GPT2, TOP_WITH_BIAS, use_parallel_residual=False),
    "gptneox in parallel": _plain("gptneox", GPT2, TOP_WITH_BIAS, use_parallel_residual=True),
    "mpt": _plain("mpt", GPT2, TOP_WITH_BIAS, attention__max_alibi_bias=8.0),
    "bloom": _plain("bloom", GPT2, f"{TOP_WITH_BIAS} token_embd_norm:E token_embd_norm.bias:E"),
    "baichuan": _plain("baichuan", LLAMA),
    "xverse": _plain("xverse", LLAMA),
    "internlm2": _plain("internlm2", LLAMA),
    "orion": _plain("orion", f"{LLAMA} {NORM_BIASES}", TOP_WITH_BIAS),
    "codeshell": _plain(
        "codeshell",
        f"{NORMS} {NORM_BIASES} {ATTENTION} {QKV_BIASES} attn_output.bias:E "
        f"{UP_DOWN} {UP_DOWN_BIASES}",
        TOP_WITH_BIAS,
    ),
    "cohere2": Architecture(
        "cohere2",
        _every(f"attn_norm:E {ATTENTION} {GATED}"),
        TIED_TOP,
        {**sliding(1, 1, 1, 0, 1, 0), "logit_scale": 0.25},
    ),
    "glm4": _plain("glm4", f"{NORMS} {POST_NORMS} {ATTENTION} {QKV_BIASES} {FUSED_GATED}"),
    "nemotron": _plain("nemotron", f"{NORMS} {NORM_BIASES} {ATTENTION} {UP_DOWN}", TOP_WITH_BIAS),
    "exaone": _plain("exaone", LLAMA, f"{TOP} rope_freqs:R"),
    "exaone4": _plain("exaone4", f"{ATTENTION} {HEAD_NORMS} {POST_NORMS} {GATED}"),
    "arcee": _plain("arcee", f"{NORMS} {ATTENTION} {UP_DOWN}"),
    "apertus": Architecture(
        "apertus",
        _every(f"{NORMS} {HEAD_NORMS} {ATTENTION} {UP_DOWN}"),
        TOP,
        {
            "/xielu.alpha_n": [0.5, 0.6, 0.7, 0.8, 0.9, 1.0],
            "/xielu.alpha_p": [1.0, 0.9, 0.8, 0.7, 0.6, 0.5],
            "/xielu.beta": [0.5, 0.4, 0.3, 0.5, 0.4, 0.3],
            "/xielu.eps": [-1e-6, -2e-6, -1e-6, -2e-6, -1e-6, -2e-6],
        },
    ),
    "mistral3": _plain("mistral3", LLAMA),
    "seed_oss": _plain(
        "seed_oss", f"attn_norm:E post_attention_norm:E {ATTENTION} {QKV_BIASES} {GATED}"
    ),
    "hunyuan-dense": _plain("hunyuan-dense", f"{LLAMA} {HEAD_NORMS}"),
    "hunyuan-moe": Architecture(
        "hunyuan-moe",
        _every(f"{NORMS} {HEAD_NORMS} {ATTENTION} {EXPERTS} {SHARED_EXPERT}"),
        TOP,
        {**ROUTING, "expert_feed_forward_length": 128, "expert_shared_feed_forward_length": 32},
    ),
    "minimax-m2": Architecture(
        "minimax-m2",
        _every(f"{NORMS} attn_q_norm:A attn_k_norm:G {ATTENTION} {EXPERTS} exp_probs_b.bias:X"),
        TOP,
        {**ROUTING, "expert_feed_forward_length": 128, "expert_gating_func": 2},
    ),
    "openelm": Architecture(
        "openelm",
        _every(f"{NORMS} {HEAD_NORMS} {FUSED_ATTENTION} {GATED}"),
        TIED_TOP,
        n_head=(4, 6, 4, 8, 6, 4),
        n_head_kv=(2, 2, 2, 4, 3, 1),
        n_ff=(64, 96, 128, 160, 128, 96),
    ),
    "dbrx": Architecture(
        "dbrx",
        _every(f"attn_norm:E attn_output_norm:E {FUSED_ATTENTION} {EXPERTS}"),
        TOP,
        {**ROUTING, "attention.clamp_kqv": 0.5},
    ),
    "plamo": _plain("plamo", f"attn_norm:E {ATTENTION} {GATED}"),
    "chatglm": _plain("chatglm", f"{NORMS} {FUSED_ATTENTION} attn_qkv.bias:Q {FUSED_GATED}"),
    "jais": _plain(
        "jais", f"{GPT2} ffn_gate:F,E ffn_gate.bias:F", TOP_WITH_BIAS, attention__max_alibi_bias=8.0
    ),
    "jais2": _plain(
        "jais2",
        f"{NORMS} {NORM_BIASES} {ATTENTION} {QKV_BIASES} attn_output.bias:E "
        f"{UP_DOWN} {UP_DOWN_BIASES}",
        TOP_WITH_BIAS,
    ),
    "refact": _plain("refact", LLAMA),
    "ernie4_5": _plain("ernie4_5", LLAMA),
    "granite_swa": Architecture(
        "granite_swa",
        _every(f"{LLAMA} attn_sinks:H"),
        TOP,
        {
            **sliding(1, 1, 0, 1, 0, 0),
            "logit_scale": 8.0,
            "residual_scale": 0.22,
            "embedding_scale": 12.0,
            "attention.rope_pattern": [True, False, True, True, False, True],
        },
    ),
    "qwen2vl": _plain("qwen2vl", f"{LLAMA} {QKV_BIASES}", rope__dimension_sections=[2, 3, 3, 0]),
    "smollm3": Architecture(
        "smollm3", _every(LLAMA), sequences=((0, 2, 1, 3, 5), (5, 4), (4, 0, 2, 3))
    ),
    "deepseek": Architecture(
        "deepseek",
        _dense_first(LLAMA, f"{NORMS} {ATTENTION} {SMALL_EXPERTS} {SHARED_EXPERT}"),
        TOP,
        MIXED_ROUTING,
        sequences=DENSE_FIRST,
    ),
    "dots1": Architecture(
        "dots1",
        _dense_first(
            f"{LLAMA} {HEAD_NORMS}",
            f"{NORMS} {HEAD_NORMS} {ATTENTION} {SMALL_EXPERTS} {SHARED_EXPERT}",
        ),
        TOP,
        {**MIXED_ROUTING, "attention.head_count_kv": 4, "expert_gating_func": 2},
        sequences=DENSE_FIRST,
    ),
    "deepseek2": Architecture(
        "deepseek2",
        _dense_first(
            f"{NORMS} {LATENT_ATTENTION} {GATED}",
            f"{NORMS} {LATENT_ATTENTION} {SMALL_EXPERTS} {SHARED_EXPERT}",
        ),
        TOP,
        {
            **MIXED_ROUTING,
            "attention.head_count_kv": 1,
            "attention.q_lora_rank": 32,
            "attention.kv_lora_rank": 32,
            "attention.key_length": 40,
            "attention.value_length": 32,
            "attention.key_length_mla": 16,
            "attention.value_length_mla": 16,
            "rope.dimension_count": 8,
        },
        sequences=DENSE_FIRST,
    ),
    "deci": Architecture(
        "deci",
        lambda layer: {
            1: f"ffn_norm:E {GATED}",
            4: f"{NORMS} attn_output:E,E {GATED}",
        }.get(layer, LLAMA),
        TOP,
        n_head=(4, 0, 4, 8, 4, 4),
        n_head_kv=(2, 0, 1, 4, 0, 4),
        n_ff=(64, 96, 128, 160, 128, 96),
    ),
}
