// Which architectures carry plans.

#include "llama-blocks-internal.h"

#include "llama-model.h"

#include <map>

// Supported are graphs that fit the hooks: build_cvec() at the end of each layer, what differs by
// layer in llama_hparams' arrays and in the layer's tensors only, output rows taken at the last
// layer. In FULL ones the first build_norm() or build_qkv() of layer 0 gets what the layer is fed.
static const std::map<std::string, llama_blocks_support> supported_archs = {
    { "llama", LLAMA_BLOCKS_SUPPORT_FULL },
    { "qwen2", LLAMA_BLOCKS_SUPPORT_FULL },
    { "qwen3", LLAMA_BLOCKS_SUPPORT_FULL },
};

enum llama_blocks_support llama_blocks_arch_support(const char * arch) {
    const auto it = supported_archs.find(arch);
    return it == supported_archs.end() ? LLAMA_BLOCKS_SUPPORT_NONE : it->second;
}

void llama_blocks_require_support(const llama_model & model, llama_blocks_support needed) {
    const std::string arch = model.arch_name();
    const llama_blocks_support support = llama_blocks_arch_support(arch.c_str());
    if (support == LLAMA_BLOCKS_SUPPORT_NONE) {
        throw std::runtime_error(format("plans are not supported on the architecture '%s'", arch.c_str()));
    }
    if (support < needed) {
        throw std::runtime_error(format("on the architecture '%s' only the first block may be fed by the token input", arch.c_str()));
    }
    if (model.hparams.n_layer_nextn != 0) {
        throw std::runtime_error("plans are not supported on models with multi-token-prediction layers");
    }
}
