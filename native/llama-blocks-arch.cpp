// Which architectures carry plans, and why the others do not.

#include "llama-blocks-internal.h"

#include "llama-model.h"

#include <algorithm>

// Supported are graphs that fit the hooks: build_cvec() at the end of each layer; what differs by
// layer in llama_hparams' arrays, in the layer's tensors, or asked for by the layer's number in its
// file; output rows taken at the last layer or after it. In FULL ones the first build_norm() or
// build_qkv() of layer 0 gets what the layer is fed. A test shows each on a tiny model.
struct arch_group {
    llama_blocks_support      support;
    const char *              reason; // completes "not supported: ..."
    std::vector<const char *> names;  // as general.architecture has them
};

static const arch_group arch_groups[] = {
    { LLAMA_BLOCKS_SUPPORT_FULL, "", {
        "apertus", "arcee", "baichuan", "chatglm", "codeshell", "cohere2", "dbrx", "deci",
        "deepseek", "deepseek2", "dots1", "ernie4_5", "exaone", "exaone4", "falcon", "gemma",
        "gemma2", "gemma3", "glm4", "gpt-oss", "gpt2", "gptneox", "granite", "granite_swa",
        "granitemoe", "hunyuan-dense", "hunyuan-moe", "internlm2", "jais", "jais2", "llama",
        "minicpm", "minimax-m2", "mistral3", "mpt", "nemotron", "olmo", "olmo2", "olmoe",
        "openelm", "orion", "phi2", "phi3", "phimoe", "plamo", "qwen", "qwen2", "qwen2moe",
        "qwen2vl", "qwen3", "qwen3moe", "refact", "seed_oss", "smollm3", "stablelm", "starcoder",
        "starcoder2", "xverse",
    } },
    { LLAMA_BLOCKS_SUPPORT_SEQUENCE, "its token embeddings are normed as part of layer 0", {
        "bloom",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "it keeps a recurrent state", {
        "arwkv7", "bailingmoe3", "falcon-h1", "granitehybrid", "jamba", "kimi-k3", "kimi-linear",
        "lfm2", "lfm2moe", "mamba", "mamba2", "minimax-01", "nemotron_h", "nemotron_h_moe",
        "plamo2", "qwen35", "qwen35moe", "qwen3next", "rwkv6", "rwkv6qwen2", "rwkv7",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "it has several residual streams", {
        "deepseek4", "gemma3n", "glm5-next", "hy_v4", "qwen4exp",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "its layers have token embeddings or caches in common", {
        "gemma4",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "its layers use what other layers have selected", {
        "deepseek32", "dots3note", "glm-dsa",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "its graph depends on the layers' numbers", {
        "afmoe", "bailingmoe2", "cohere2moe", "deepseek2-ocr", "ernie4_5-moe", "exaone-moe",
        "glm4moe", "laguna", "llama4", "minimax-m3", "mistral4", "smallthinker",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "its graph depends on the number of layers", {
        "command-r", "minicpm3",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "it runs its layers in loops of its own", {
        "hrm_text", "nanbeige",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "it is an encoder", {
        "bert", "eurobert", "gemma-embedding", "jina-bert-v2", "jina-bert-v3", "llama-embed",
        "modern-bert", "neo-bert", "nomic-bert", "nomic-bert-moe", "t5encoder",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "it has an encoder and a decoder", {
        "t5",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "it generates by diffusion", {
        "dream", "llada", "llada-moe", "rnd1",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "images enter at several of its layers", {
        "qwen3vl", "qwen3vlmoe",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "its layers have weights of their own for images", {
        "cogvlm",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "it only drafts for another model", {
        "dflash", "eagle3", "gemma4-assistant",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "it selects adapters by token", {
        "graniteswitch",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "it does not write text", {
        "clip", "pockettts", "qwen3tts", "wavtokenizer-dec",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "llama.cpp has no graph for it", {
        "gptj",
    } },
    { LLAMA_BLOCKS_SUPPORT_NONE, "no test shows it right yet", {
        "arctic", "bailingmoe", "bitnet", "chameleon", "grok", "grovemoe", "hunyuan_vl", "hy_v3",
        "maincoder", "maple", "mellum", "mimo2", "muse-glimmer", "paddleocr", "pangu-embedded",
        "plamo3", "plm", "spark2_5", "step35", "talkie",
    } },
};

static const arch_group arch_unknown = { LLAMA_BLOCKS_SUPPORT_NONE, "it is not known", {} };

static const arch_group & group_of(const std::string & arch) {
    for (const auto & group : arch_groups) {
        if (std::find(group.names.begin(), group.names.end(), arch) != group.names.end()) {
            return group;
        }
    }
    return arch_unknown;
}

enum llama_blocks_support llama_blocks_arch_support(const char * arch) {
    return group_of(arch).support;
}

// Files of a supported architecture may have what plans do not carry.
static const char * find_obstacle(const llama_model & model) {
    const auto & hparams = model.hparams;
    if (hparams.n_layer_nextn != 0) {
        return "with multi-token-prediction layers";
    }
    if (hparams.n_deepstack_layers != 0) {
        return "where images enter at several layers";
    }
    for (uint32_t il = 0; il < hparams.n_layer_all; ++il) {
        if (model.arch == LLM_ARCH_DECI && hparams.n_ff(il) == 0) {
            return "with layers that have no feed-forward part";
        }
    }
    return nullptr;
}

void llama_blocks_require_support(const llama_model & model, llama_blocks_support needed) {
    const std::string arch = model.arch_name();
    const arch_group & group = group_of(arch);
    if (group.support == LLAMA_BLOCKS_SUPPORT_NONE) {
        throw std::runtime_error(format("plans are not supported on the architecture '%s': %s", arch.c_str(), group.reason));
    }
    if (group.support < needed) {
        throw std::runtime_error(format("on the architecture '%s' only the first block may be fed by the token input: %s", arch.c_str(), group.reason));
    }
    if (const char * obstacle = find_obstacle(model)) {
        throw std::runtime_error(format("plans are not supported on models %s", obstacle));
    }
}
