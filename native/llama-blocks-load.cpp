// Loading a model file, or the part of it that is wanted.

#include "llama-blocks-internal.h"

#include "llama-model-loader.h"
#include "llama-model.h"

#include "ggml-backend.h"

#include <algorithm>
#include <cstdio>
#include <functional>

#ifdef __unix__
#include <sys/mman.h>
#include <unistd.h>
#endif

int32_t llama_blocks_max_layers(void) {
    return LLAMA_MAX_LAYERS;
}

// the layers that the load under way on this thread wants; null for all
static thread_local const std::vector<int32_t> * wanted_layers = nullptr;

template <typename T, size_t N>
static void read_through(std::array<T, N> & values, const std::vector<int32_t> & layers) {
    const auto all = values;
    for (size_t il = 0; il < layers.size(); ++il) {
        values[il] = all[layers[il]];
    }
}

void llama_blocks_read_hparams_through(llama_hparams & hparams, const std::vector<int32_t> & layers) {
    read_through(hparams.n_head_arr,            layers);
    read_through(hparams.n_head_kv_arr,         layers);
    read_through(hparams.n_ff_arr,              layers);
    read_through(hparams.n_ff_exp_arr,          layers);
    read_through(hparams.n_expert_used_arr,     layers);
    read_through(hparams.rope_pattern,          layers);
    read_through(hparams.is_swa_impl,           layers);
    read_through(hparams.is_recr_impl,          layers);
    read_through(hparams.xielu_alpha_n,         layers);
    read_through(hparams.xielu_alpha_p,         layers);
    read_through(hparams.xielu_beta,            layers);
    read_through(hparams.xielu_eps,             layers);
    read_through(hparams.is_indexer_full_impl,  layers);
    read_through(hparams.dsv4_compress_ratios,  layers);
    read_through(hparams.deepstack_mapping_arr, layers);
    read_through(hparams.swiglu_clamp_exp,      layers);
    read_through(hparams.swiglu_clamp_shexp,    layers);

    const auto is_ple = hparams.is_ple_impl;
    for (size_t il = 0; il < layers.size(); ++il) {
        hparams.is_ple_impl[il] = is_ple[layers[il]];
    }

    hparams.n_layer_all = layers.size();
}

void llama_blocks_select_layers(llama_model & model, llama_model_loader & ml) {
    if (!wanted_layers) {
        return;
    }
    const std::vector<int32_t> & wanted = *wanted_layers;

    llama_blocks_require_support(model, LLAMA_BLOCKS_SUPPORT_SEQUENCE);
    if (wanted.back() >= (int32_t) model.hparams.n_layer_all) {
        throw std::runtime_error(format("weight layer %d is wanted, the file has %u layers", wanted.back(), model.hparams.n_layer_all));
    }
    if (wanted.size() == model.hparams.n_layer_all) {
        return;
    }

    for (auto it = ml.weights_map.begin(); it != ml.weights_map.end(); ) {
        int32_t layer;
        if (sscanf(it->first.c_str(), "blk.%d.", &layer) == 1 && !std::binary_search(wanted.begin(), wanted.end(), layer)) {
            ml.n_elements -= ggml_nelements(it->second.tensor);
            ml.n_bytes    -= ggml_nbytes(it->second.tensor);
            ml.n_tensors  -= 1;
            it = ml.weights_map.erase(it);
        } else {
            ++it;
        }
    }

    model.blocks = std::make_shared<llama_blocks>();
    model.blocks->weight_layers = wanted;
    model.hparams.blocks = model.blocks.get();
    llama_blocks_read_hparams_through(model.hparams, wanted);
}

LLM_TN_IMPL llama_blocks_tensor_name(const llama_hparams & hparams, const LLM_TN_IMPL & tn) {
    const int bid = hparams.blocks && tn.bid >= 0 ? hparams.blocks->weight_layers.at(tn.bid) : tn.bid;
    return LLM_TN_IMPL(tn.arch, tn.tensor, tn.suffix, bid, tn.xid);
}

// asks the system to read the weights ahead, which a mapping without prefetch does not
static void read_ahead(const llama_model & model) {
#ifdef __unix__
    const uintptr_t page = sysconf(_SC_PAGESIZE);
    for (const auto & [_, tensor] : model.tensors_by_name) {
        if (!tensor->data || !tensor->buffer || !ggml_backend_buffer_is_host(tensor->buffer)) {
            continue;
        }
        const uintptr_t begin = (uintptr_t) tensor->data / page * page;
        posix_madvise((void *) begin, (uintptr_t) tensor->data + ggml_nbytes(tensor) - begin, POSIX_MADV_WILLNEED);
    }
#else
    GGML_UNUSED(model);
#endif
}

llama_blocks_base * llama_blocks_base_load(const char * path, llama_model_params params, const int32_t * weight_layers, int32_t n_weight_layers) {
    return llama_blocks_guarded<llama_blocks_base *>(nullptr, [&] {
        std::vector<int32_t> wanted;
        if (weight_layers) {
            wanted.assign(weight_layers, weight_layers + n_weight_layers);
            if (wanted.empty() || wanted.front() < 0 || std::adjacent_find(wanted.begin(), wanted.end(), std::greater_equal<int32_t>()) != wanted.end()) {
                throw std::runtime_error("the wanted weight layers must be at least one, not negative, and strictly ascending");
            }
        }

        wanted_layers = weight_layers ? &wanted : nullptr;
        std::shared_ptr<llama_model> model(llama_model_load_from_file(path, params));
        wanted_layers = nullptr;

        if (!model) {
            throw std::runtime_error("the model could not be loaded");
        }
        if (model->blocks) {
            read_ahead(*model);
        }
        return new llama_blocks_base{ std::move(model) };
    });
}

llama_model * llama_blocks_base_model(llama_blocks_base * base) {
    return base->model.get();
}

void llama_blocks_base_free(llama_blocks_base * base) {
    delete base;
}
