// Loading a model file, or the part of it that is wanted.

#include "llama-blocks-internal.h"

#include "llama-model-loader.h"
#include "llama-model.h"

#include "ggml-backend.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <numeric>

#ifdef __unix__
#include <sys/mman.h>
#include <unistd.h>
#endif

int32_t llama_blocks_max_layers(void) {
    return LLAMA_MAX_LAYERS;
}

// what the load under way on this thread wants
struct selection {
    std::vector<int32_t> file_layers; // empty for all
    bool                 layers_only;
};

static thread_local const selection * wanted = nullptr;

template <typename T>
static void read_each(llama_hparams & hparams, const std::vector<llama_blocks_hparams_source> & from, T llama_hparams::* values) {
    for (size_t il = 0; il < from.size(); ++il) {
        (hparams.*values)[il] = (from[il].hparams->*values)[from[il].il];
    }
}

void llama_blocks_read_hparams(llama_hparams & hparams, const std::vector<llama_blocks_hparams_source> & from) {
    read_each(hparams, from, &llama_hparams::n_head_arr);
    read_each(hparams, from, &llama_hparams::n_head_kv_arr);
    read_each(hparams, from, &llama_hparams::n_ff_arr);
    read_each(hparams, from, &llama_hparams::n_ff_exp_arr);
    read_each(hparams, from, &llama_hparams::n_expert_used_arr);
    read_each(hparams, from, &llama_hparams::rope_pattern);
    read_each(hparams, from, &llama_hparams::is_swa_impl);
    read_each(hparams, from, &llama_hparams::is_recr_impl);
    read_each(hparams, from, &llama_hparams::xielu_alpha_n);
    read_each(hparams, from, &llama_hparams::xielu_alpha_p);
    read_each(hparams, from, &llama_hparams::xielu_beta);
    read_each(hparams, from, &llama_hparams::xielu_eps);
    read_each(hparams, from, &llama_hparams::is_indexer_full_impl);
    read_each(hparams, from, &llama_hparams::dsv4_compress_ratios);
    read_each(hparams, from, &llama_hparams::is_ple_impl);
    read_each(hparams, from, &llama_hparams::deepstack_mapping_arr);
    read_each(hparams, from, &llama_hparams::swiglu_clamp_exp);
    read_each(hparams, from, &llama_hparams::swiglu_clamp_shexp);

    hparams.n_layer_all = from.size();
}

// makes the loader take a tensor for one that was never in the file
static void forget(llama_model_loader & ml, const std::string & name) {
    const auto it = ml.weights_map.find(name);
    if (it != ml.weights_map.end()) {
        ml.n_elements -= ggml_nelements(it->second.tensor);
        ml.n_bytes    -= ggml_nbytes(it->second.tensor);
        ml.n_tensors  -= 1;
        ml.weights_map.erase(it);
    }
}

void llama_blocks_select_layers(llama_model & model, llama_model_loader & ml) {
    if (!wanted || (wanted->file_layers.empty() && !wanted->layers_only)) {
        return;
    }
    llama_blocks_require_support(model, LLAMA_BLOCKS_SUPPORT_SEQUENCE);

    const int32_t n_layer = model.hparams.n_layer_all;
    auto blocks = std::make_shared<llama_blocks>();
    blocks->file_layers = wanted->file_layers;
    blocks->layers_only = wanted->layers_only;
    if (blocks->file_layers.empty()) {
        blocks->file_layers.resize(n_layer);
        std::iota(blocks->file_layers.begin(), blocks->file_layers.end(), 0);
    }
    if (blocks->file_layers.back() >= n_layer) {
        throw std::runtime_error(format("layer %d is wanted, the file has %d layers", blocks->file_layers.back(), n_layer));
    }
    if (!blocks->layers_only && (int32_t) blocks->file_layers.size() == n_layer) {
        return;
    }

    std::vector<std::string> unwanted;
    for (const auto & [name, _] : ml.weights_map) {
        int32_t layer;
        if (sscanf(name.c_str(), "blk.%d.", &layer) == 1 && !std::binary_search(blocks->file_layers.begin(), blocks->file_layers.end(), layer)) {
            unwanted.push_back(name);
        }
    }
    for (const auto & name : unwanted) {
        forget(ml, name);
    }

    const llama_hparams all = model.hparams;
    std::vector<llama_blocks_hparams_source> from;
    for (const int32_t layer : blocks->file_layers) {
        from.push_back({ &all, layer });
    }
    llama_blocks_read_hparams(model.hparams, from);

    model.blocks = std::move(blocks);
}

bool llama_blocks_leave_out(const llama_blocks * blocks, llama_model_loader & ml, const LLM_TN_IMPL & tn) {
    if (!blocks || !blocks->layers_only || tn.bid != -1) {
        return false;
    }
    forget(ml, tn.str());
    return true;
}

LLM_TN_IMPL llama_blocks_tensor_name(const llama_blocks * blocks, const LLM_TN_IMPL & tn) {
    const int bid = blocks && tn.bid >= 0 ? blocks->file_layers.at(tn.bid) : tn.bid;
    return LLM_TN_IMPL(tn.arch, tn.tensor, tn.suffix, bid, tn.xid);
}

// calls fn(name, begin, end) for the bytes of each tensor that lies in a mapped file
template <typename F>
static void for_each_mapped(const llama_model & model, F fn) {
    for (const auto & [name, tensor] : model.tensors_by_name) {
        if (tensor->data && tensor->buffer && strcmp(ggml_backend_buft_name(ggml_backend_buffer_get_type(tensor->buffer)), "CPU_Mapped") == 0) {
            fn(name, (uintptr_t) tensor->data, (uintptr_t) tensor->data + ggml_nbytes(tensor));
        }
    }
}

int llama_blocks_file_layer(const llama_model & model, int il) {
    if (const auto * layer = llama_blocks_borrowed(model.blocks.get(), il)) {
        return llama_blocks_file_layer(*layer->model, layer->il);
    }
    return model.blocks ? model.blocks->file_layers.at(il) : il;
}

// asks the system to read the weights ahead, which a mapping without prefetch does not
static void read_ahead(const llama_model & model) {
#ifdef __unix__
    const uintptr_t page = sysconf(_SC_PAGESIZE);
    for_each_mapped(model, [&](const std::string &, uintptr_t begin, uintptr_t end) {
        begin -= begin % page;
        madvise((void *) begin, end - begin, MADV_WILLNEED);
    });
#else
    GGML_UNUSED(model);
#endif
}

int64_t llama_blocks_base_keep(llama_blocks_base * base, const int32_t * layers, int32_t n_layers) {
    const auto is_unwanted = [&](const std::string & name) {
        int32_t layer;
        return sscanf(name.c_str(), "blk.%d.", &layer) == 1 && std::find(layers, layers + n_layers, layer) == layers + n_layers;
    };

    int64_t n_kept = 0;
    for (const auto & [name, tensor] : base->model->tensors_by_name) {
        if (tensor->data && is_unwanted(name)) {
            n_kept += ggml_nbytes(tensor);
        }
    }
#ifdef __unix__
    const uintptr_t page = sysconf(_SC_PAGESIZE);
    for_each_mapped(*base->model, [&](const std::string & name, uintptr_t begin, uintptr_t end) {
        if (!is_unwanted(name)) {
            return;
        }
        n_kept -= end - begin;
        begin += (page - begin % page) % page;
        end   -= end % page;
        if (begin < end) {
            madvise((void *) begin, end - begin, MADV_DONTNEED); // a mapped file: read again on use
        }
    });
#endif
    return n_kept;
}

llama_blocks_base * llama_blocks_base_load(const char * path, llama_model_params params, const int32_t * layers, int32_t n_layers, bool layers_only) {
    return llama_blocks_guarded<llama_blocks_base *>(nullptr, [&] {
        selection selected = { {}, layers_only };
        if (layers) {
            selected.file_layers.assign(layers, layers + n_layers);
            const auto & all = selected.file_layers;
            if (all.empty() || all.front() < 0 || std::adjacent_find(all.begin(), all.end(), std::greater_equal<int32_t>()) != all.end()) {
                throw std::runtime_error("the wanted layers must be at least one, not negative, and strictly ascending");
            }
        }

        wanted = &selected;
        std::shared_ptr<llama_model> model(llama_model_load_from_file(path, params));
        wanted = nullptr;

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
