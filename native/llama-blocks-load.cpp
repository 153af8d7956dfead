// Loading a model file, or the part of it that is wanted.

#include "llama-blocks-internal.h"

#include "llama-model-loader.h"
#include "llama-model.h"

#include "ggml-backend.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <numeric>

#ifdef __unix__
#include <sys/mman.h>
#include <unistd.h>
#endif

int32_t llama_blocks_max_layers(void) {
    return LLAMA_MAX_LAYERS;
}

// a load under way
struct base_load {
    std::vector<int32_t> file_layers; // the wanted ones, empty for all
    bool                 layers_only;

    llama_progress_callback on_progress;
    void *                  on_progress_data;

    // once the hyper-parameters are read
    const llama_model        * model = nullptr;
    const llama_model_loader * ml    = nullptr;

    float reported = 0.0f; // the last progress before which pages were given back
    float copied   = 0.0f; // the part of the weights that does not stay in a mapped file

    bool report(float progress) const {
        return !on_progress || on_progress(progress, on_progress_data);
    }
};

static thread_local base_load * loading = nullptr;

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

bool llama_blocks_prefetches() {
    return !loading;
}

void llama_blocks_select_layers(llama_model & model, llama_model_loader & ml) {
    if (!loading) {
        return;
    }
    loading->model = &model;
    loading->ml    = &ml;
    if (loading->file_layers.empty() && !loading->layers_only) {
        return;
    }
    llama_blocks_require_support(model, LLAMA_BLOCKS_SUPPORT_SEQUENCE);

    const int32_t n_layer = model.hparams.n_layer_all;
    auto blocks = std::make_shared<llama_blocks>();
    blocks->file_layers = loading->file_layers;
    blocks->layers_only = loading->layers_only;
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

// calls fn(tensor, begin, end) for the bytes of each tensor that lies in a mapped file
template <typename F>
static void for_each_mapped(const llama_model & model, F fn) {
    for (const auto & [_, tensor] : model.tensors_by_name) {
        if (tensor->data && tensor->buffer && strcmp(ggml_backend_buft_name(ggml_backend_buffer_get_type(tensor->buffer)), "CPU_Mapped") == 0) {
            fn(*tensor, (uintptr_t) tensor->data, (uintptr_t) tensor->data + ggml_nbytes(tensor));
        }
    }
}

int llama_blocks_file_layer(const llama_model & model, int il) {
    if (const auto * layer = llama_blocks_borrowed(model.blocks.get(), il)) {
        return llama_blocks_file_layer(*layer->model, layer->il);
    }
    return model.blocks ? model.blocks->file_layers.at(il) : il;
}

#ifdef __unix__
static const uintptr_t page = sysconf(_SC_PAGESIZE);

// Lets the system have the whole pages in between, which must lie in a mapped file: they are read
// again when they are used again.
static void give_back(uintptr_t begin, uintptr_t end) {
    begin += (page - begin % page) % page;
    end   -= end % page;
    if (begin < end) {
        madvise((void *) begin, end - begin, MADV_DONTNEED);
    }
}
#endif

// Progress of llama.cpp's own part of a load: tensors that do not stay in the mapped file are copied
// out of it, and what was read for that is given back.
static bool while_copying(float progress, void * data) {
    auto & load = *(base_load *) data;
    if (!load.ml->use_mmap) {
        return load.report(progress);
    }
    if (progress == 0.0f) {
        size_t all = 0, copied = 0;
        for (const auto & [_, tensor] : load.model->tensors_by_name) {
            all    += ggml_nbytes(tensor);
            copied += tensor->buffer ? ggml_nbytes(tensor) : 0;
        }
        load.copied = all ? (float) copied/all : 0.0f;
    }
#ifdef __unix__
    const float n_bytes = 16 << 20;
    if (progress < 1.0f && (progress - load.reported)*load.ml->n_bytes >= n_bytes) { // at 1 parts are unmapped
        load.reported = progress;
        for (const auto & mapping : load.ml->mappings) {
            give_back((uintptr_t) mapping->addr(), (uintptr_t) mapping->addr() + mapping->size());
        }
    }
#endif
    return load.report(progress*load.copied);
}

// Reads the weights that lie in a mapped file, and nothing else of it, into memory: llama.cpp's own
// prefetch reads the whole file, cannot be stopped, and does not tell how far it is. False when it
// was to stop.
static bool read_mapped(const base_load & load) {
#ifdef __unix__
    std::map<uintptr_t, std::pair<uintptr_t, ggml_backend_buffer_t>> ranges; // begin -> end
    size_t n_bytes = 0;
    for_each_mapped(*load.model, [&](const ggml_tensor & tensor, uintptr_t begin, uintptr_t end) {
        if (ranges.emplace(begin, std::make_pair(end, tensor.buffer)).second) {
            n_bytes += end - begin;
        }
    });

    const uintptr_t step = 4 << 20;
    size_t n_read = 0;
    for (const auto & [begin, range] : ranges) {
        for (uintptr_t at = begin; at < range.first; at += step) {
            const uintptr_t end   = std::min(at + step, range.first);
            const uintptr_t ahead = std::min(end + step, range.first);
            madvise((void *) (at - at % page), ahead - (at - at % page), MADV_WILLNEED);
            for (uintptr_t p = at; p < end; p += page) {
                (void) *(const volatile char *) p;
            }
            (void) *(const volatile char *) (end - 1);
            n_read += end - at;
            if (!load.report(load.copied + (1.0f - load.copied)*n_read/n_bytes)) {
                return false;
            }
        }
    }

    // what the system mapped along with it
    for (auto it = ranges.begin(); it != ranges.end(); ++it) {
        const auto next = std::next(it);
        if (next != ranges.end() && next->second.second == it->second.second) {
            give_back(it->second.first, next->first);
        }
    }
    return true;
#else
    return load.report(1.0f);
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
    for_each_mapped(*base->model, [&](const ggml_tensor & tensor, uintptr_t begin, uintptr_t end) {
        if (is_unwanted(tensor.name)) {
            n_kept -= end - begin;
            give_back(begin, end);
        }
    });
#endif
    return n_kept;
}

llama_blocks_base * llama_blocks_base_load(const char * path, llama_model_params params, const int32_t * layers, int32_t n_layers, bool layers_only) {
    return llama_blocks_guarded<llama_blocks_base *>(nullptr, [&] {
        base_load load = { {}, layers_only, params.progress_callback, params.progress_callback_user_data };
        if (layers) {
            load.file_layers.assign(layers, layers + n_layers);
            const auto & all = load.file_layers;
            if (all.empty() || all.front() < 0 || std::adjacent_find(all.begin(), all.end(), std::greater_equal<int32_t>()) != all.end()) {
                throw std::runtime_error("the wanted layers must be at least one, not negative, and strictly ascending");
            }
        }

        params.progress_callback           = while_copying;
        params.progress_callback_user_data = &load;

        loading = &load;
        std::shared_ptr<llama_model> model(llama_model_load_from_file(path, params));
        loading = nullptr;

        if (!model || !read_mapped(load)) {
            throw std::runtime_error("the model could not be loaded");
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
