// Plans over the layers of loaded models: selection on loading, views, and the chaining of blocks
// while a graph is built.

#include "llama-blocks.h"
#include "llama-blocks-impl.h"

#include "llama-ext.h"
#include "llama-graph.h"
#include "llama-impl.h"
#include "llama-model-loader.h"
#include "llama-model.h"

#include "ggml-backend.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>
#include <stdexcept>
#include <string>

#ifdef __unix__
#include <sys/mman.h>
#include <unistd.h>
#endif

// blocks hold their inputs and scales only; layers are counted
struct llama_blocks_plan {
    struct block {
        int32_t weight_start = -1; // -1 for a merge
        int32_t n_layers     =  0;

        std::vector<int32_t> inputs;
        std::vector<float>   scales;
    };

    std::vector<block> blocks;
    int64_t n_layers = 0;
};

struct llama_blocks_base {
    std::shared_ptr<llama_model> model;
};

static thread_local std::string last_error;

const char * llama_blocks_last_error(void) {
    return last_error.c_str();
}

// runs fn and turns what it throws into last_error
template <typename R, typename F>
static R guarded(R on_error, F fn) {
    try {
        last_error.clear();
        return fn();
    } catch (const std::exception & e) {
        last_error = e.what();
    }
    return on_error;
}

// Architectures whose graph fits the hooks: build_cvec() at the end of each layer, per-layer
// state in llama_hparams only, output rows taken at the last layer. FULL ones also set
// t_layer_inp[0] to what the first layer is fed.
static const std::map<std::string, llama_blocks_support> supported_archs = {
    { "llama", LLAMA_BLOCKS_SUPPORT_FULL },
    { "qwen2", LLAMA_BLOCKS_SUPPORT_FULL },
    { "qwen3", LLAMA_BLOCKS_SUPPORT_FULL },
};

enum llama_blocks_support llama_blocks_arch_support(const char * arch) {
    const auto it = supported_archs.find(arch);
    return it == supported_archs.end() ? LLAMA_BLOCKS_SUPPORT_NONE : it->second;
}

int32_t llama_blocks_max_layers(void) {
    return LLAMA_MAX_LAYERS;
}

//
// plan
//

llama_blocks_plan * llama_blocks_plan_init(void) {
    return new llama_blocks_plan();
}

void llama_blocks_plan_free(llama_blocks_plan * plan) {
    delete plan;
}

static void check_input(const llama_blocks_plan & plan, int32_t input) {
    if (input < -1 || input >= (int32_t) plan.blocks.size()) {
        throw std::runtime_error(format("block %zu: input %d is neither an earlier block nor -1", plan.blocks.size(), input));
    }
}

static void check_scale(size_t block, float scale) {
    if (!std::isfinite(scale)) {
        throw std::runtime_error(format("block %zu: a scale is not a finite number", block));
    }
}

int32_t llama_blocks_plan_add_weights(llama_blocks_plan * plan, int32_t weight_start, int32_t n_layers, int32_t input) {
    return guarded<int32_t>(-1, [&]() -> int32_t {
        check_input(*plan, input);
        if (weight_start < 0 || n_layers < 1) {
            throw std::runtime_error(format("block %zu: %d layers from weight layer %d is not a range", plan->blocks.size(), n_layers, weight_start));
        }
        if (plan->n_layers + n_layers > LLAMA_MAX_LAYERS) {
            throw std::runtime_error(format("block %zu: the plan has more than %d layers", plan->blocks.size(), LLAMA_MAX_LAYERS));
        }
        plan->n_layers += n_layers;
        plan->blocks.push_back({ weight_start, n_layers, { input }, {} });
        return plan->blocks.size() - 1;
    });
}

int32_t llama_blocks_plan_add_merge(llama_blocks_plan * plan, const int32_t * inputs, const float * scales, int32_t n_inputs) {
    return guarded<int32_t>(-1, [&]() -> int32_t {
        if (n_inputs < 2) {
            throw std::runtime_error(format("block %zu: a merge needs at least two inputs", plan->blocks.size()));
        }
        for (int32_t i = 0; i < n_inputs; ++i) {
            check_input(*plan, inputs[i]);
            check_scale(plan->blocks.size(), scales[i]);
        }
        plan->blocks.push_back({ -1, 0, { inputs, inputs + n_inputs }, { scales, scales + n_inputs } });
        return plan->blocks.size() - 1;
    });
}

//
// base
//

// the layers that the load under way on this thread wants; null for all
static thread_local const std::vector<int32_t> * wanted_layers = nullptr;

template <typename T, size_t N>
static void read_through(std::array<T, N> & values, const std::vector<int32_t> & layers) {
    const auto all = values;
    for (size_t il = 0; il < layers.size(); ++il) {
        values[il] = all[layers[il]];
    }
}

// replaces what is kept per layer by the same read through layers, and the number of layers
static void read_hparams_through(llama_hparams & hparams, const std::vector<int32_t> & layers) {
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

static void require_support(const llama_model & model, llama_blocks_support needed) {
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

void llama_blocks_select_layers(llama_model & model, llama_model_loader & ml) {
    if (!wanted_layers) {
        return;
    }
    const std::vector<int32_t> & wanted = *wanted_layers;

    require_support(model, LLAMA_BLOCKS_SUPPORT_SEQUENCE);
    if (wanted.back() >= (int32_t) model.hparams.n_layer_all) {
        throw std::runtime_error(format("weight layer %d is wanted, the file has %u layers", wanted.back(), model.hparams.n_layer_all));
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
    read_hparams_through(model.hparams, wanted);
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
    return guarded<llama_blocks_base *>(nullptr, [&] {
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

//
// view
//

// the blocks that the output depends on, by number
static std::vector<bool> blocks_in_use(const llama_blocks_plan & plan) {
    std::vector<bool> used(plan.blocks.size());
    used.back() = true;
    for (size_t ib = plan.blocks.size(); ib-- > 0; ) {
        if (used[ib]) {
            for (const int32_t input : plan.blocks[ib].inputs) {
                if (input >= 0) {
                    used[input] = true;
                }
            }
        }
    }
    return used;
}

// The layers of the view, and the order in which its blocks run: as in the plan, but begun by a
// weight block that the token input feeds, since a graph can only be steered at the end of a layer.
static std::shared_ptr<llama_blocks> chain_blocks(const llama_blocks_plan & plan) {
    if (plan.blocks.empty()) {
        throw std::runtime_error("the plan has no blocks");
    }
    const std::vector<bool> used = blocks_in_use(plan);

    auto res = std::make_shared<llama_blocks>();
    for (size_t ib = 0; ib < plan.blocks.size(); ++ib) {
        const auto & block = plan.blocks[ib];
        res->blocks.push_back({ -1, block.n_layers, block.inputs, block.scales });
        if (used[ib]) {
            res->order.push_back(ib);
        }
    }

    const auto first = std::find_if(res->order.begin(), res->order.end(), [&](int32_t ib) {
        return res->blocks[ib].n_layers > 0 && res->blocks[ib].inputs[0] == -1;
    });
    if (first == res->order.end()) {
        throw std::runtime_error("the output depends on no weight block that the token input (-1) feeds directly");
    }
    std::rotate(res->order.begin(), first, first + 1);

    for (const int32_t ib : res->order) {
        const auto & block = plan.blocks[ib];
        res->blocks[ib].first = res->weight_layers.size();
        for (int32_t i = 0; i < block.n_layers; ++i) {
            res->weight_layers.push_back(block.weight_start + i);
        }
    }
    return res;
}

// the token input is needed again after the first layer has run
static bool is_token_input_kept(const llama_blocks & blocks) {
    for (const int32_t ib : blocks.order) {
        const auto & inputs = blocks.blocks[ib].inputs;
        if (ib != blocks.order.front() && std::find(inputs.begin(), inputs.end(), -1) != inputs.end()) {
            return true;
        }
    }
    return false;
}

// finds the layers of the base that hold the view's weight layers
static void bind_layers(llama_blocks & blocks, const llama_model & base) {
    for (const int32_t layer : blocks.weight_layers) {
        int32_t il = layer;
        if (base.blocks) {
            const auto & held = base.blocks->weight_layers;
            const auto it = std::lower_bound(held.begin(), held.end(), layer);
            il = it != held.end() && *it == layer ? it - held.begin() : -1;
        } else if (layer >= (int32_t) base.hparams.n_layer_all) {
            il = -1;
        }
        if (il < 0) {
            throw std::runtime_error(format("weight layer %d is not loaded", layer));
        }
        blocks.base_layers.push_back(il);
    }
}

// the base's tensors under the names they have in the view: a layer borrowed twice is listed twice
static std::vector<std::pair<std::string, ggml_tensor *>> name_tensors(const llama_blocks & blocks, const llama_model & base) {
    std::multimap<int32_t, int32_t> borrowers; // weight layer -> layers of the view
    for (size_t il = 0; il < blocks.weight_layers.size(); ++il) {
        borrowers.emplace(blocks.weight_layers[il], il);
    }

    std::vector<std::pair<std::string, ggml_tensor *>> res;
    for (const auto & [name, tensor] : base.tensors_by_name) {
        int32_t layer;
        int     rest;
        if (sscanf(name.c_str(), "blk.%d%n", &layer, &rest) != 1) {
            res.emplace_back(name, tensor);
            continue;
        }
        const auto [begin, end] = borrowers.equal_range(layer);
        for (auto it = begin; it != end; ++it) {
            res.emplace_back(format("blk.%d", it->second) + name.substr(rest), tensor);
        }
    }
    return res;
}

llama_model * llama_blocks_view_init(llama_blocks_base * base, const llama_blocks_plan * plan) {
    return guarded<llama_model *>(nullptr, [&] {
        const std::shared_ptr<llama_model> & from = base->model;

        const std::shared_ptr<llama_blocks> blocks = chain_blocks(*plan);
        require_support(*from, is_token_input_kept(*blocks) ? LLAMA_BLOCKS_SUPPORT_FULL : LLAMA_BLOCKS_SUPPORT_SEQUENCE);
        bind_layers(*blocks, *from);
        blocks->base = from;

        std::unique_ptr<llama_model> view(llama_model_create(from->arch, llama_model_default_params()));
        *view = *from; // shares what is behind pointers: vocabulary, tensors, buffers, devices

        view->loras.clear();
        view->get_split_state_ud.model = view.get();

        view->blocks          = blocks;
        view->hparams.blocks  = blocks.get();
        view->tensors_by_name = name_tensors(*blocks, *from);
        read_hparams_through(view->hparams, blocks->base_layers);

        view->layers.clear();
        for (const int32_t il : blocks->base_layers) {
            view->layers.push_back(from->layers[il]);
        }
        return view.release();
    });
}

int32_t llama_blocks_view_set_scale(llama_model * view, int32_t block, int32_t input, float scale) {
    return guarded<int32_t>(-1, [&] {
        if (!view->blocks || block < 0 || block >= (int32_t) view->blocks->blocks.size()) {
            throw std::runtime_error(format("there is no block %d", block));
        }
        auto & scales = view->blocks->blocks[block].scales;
        if (input < 0 || input >= (int32_t) scales.size()) {
            throw std::runtime_error(format("block %d has no scale for an input %d", block, input));
        }
        check_scale(block, scale);
        if (scales[input] != scale) {
            scales[input] = scale;
            view->hparams.blocks_version++;
        }
        return 0;
    });
}

int llama_blocks_base_layer(const llama_hparams & hparams, int il) {
    return hparams.blocks && !hparams.blocks->base_layers.empty() ? hparams.blocks->base_layers.at(il) : il;
}

//
// graph
//

static ggml_tensor * output_of(const llm_graph_context & graph, int32_t block) {
    return block == -1 ? graph.res->t_layer_inp[0] : graph.blocks_out.blocks[block];
}

// After the last layer only the rows that the head needs are left: brings a tensor of all rows to
// the same when it meets one of fewer.
static ggml_tensor * with_rows_of(const llm_graph_context & graph, ggml_tensor * cur, const ggml_tensor * other) {
    if (cur->ne[1] <= other->ne[1]) {
        return cur;
    }
    GGML_ASSERT(graph.blocks_out.out_ids && graph.blocks_out.out_ids->ne[0] == other->ne[1]);
    return ggml_get_rows(graph.ctx0, cur, graph.blocks_out.out_ids);
}

// Inputs with a scale of 0 are not added, and scales of 1 not multiplied: the numbers are the same.
static ggml_tensor * build_merge(const llm_graph_context & graph, const llama_blocks::block & merge) {
    ggml_tensor * sum = nullptr;
    for (size_t i = 0; i < merge.inputs.size(); ++i) {
        const float scale = merge.scales[i];
        if (scale == 0.0f) {
            continue;
        }
        ggml_tensor * cur = output_of(graph, merge.inputs[i]);
        if (sum) {
            cur = with_rows_of(graph, cur, sum);
            sum = with_rows_of(graph, sum, cur);
        }
        if (scale != 1.0f) {
            cur = ggml_scale(graph.ctx0, cur, scale);
        }
        sum = sum ? ggml_add(graph.ctx0, sum, cur) : cur;
    }
    return sum ? sum : ggml_scale(graph.ctx0, output_of(graph, merge.inputs[0]), 0.0f);
}

ggml_tensor * llama_blocks_next_input(const llm_graph_context & graph, ggml_tensor * cur, int il) {
    const llama_blocks * plan = graph.hparams.blocks;
    if (!plan || plan->order.empty()) {
        return cur;
    }

    // the block that layer il ends, if it does
    auto & outputs = graph.blocks_out.blocks;
    const auto at = std::find_if(plan->order.begin(), plan->order.end(), [&](int32_t ib) {
        const auto & block = plan->blocks[ib];
        return block.n_layers > 0 && block.first + block.n_layers == il + 1;
    });
    if (at == plan->order.end()) {
        return cur;
    }
    outputs.resize(plan->blocks.size());
    outputs[*at] = cur;

    // what follows, up to the next block with layers
    for (auto it = at + 1; it != plan->order.end(); ++it) {
        const auto & block = plan->blocks[*it];
        if (block.n_layers > 0) {
            return output_of(graph, block.inputs[0]);
        }
        outputs[*it] = build_merge(graph, block);
    }

    // the input must be in the graph to be given a buffer, also where the last layer is not on the
    // output's path and no rows have to be taken
    if (graph.blocks_out.out_ids) {
        ggml_build_forward_expand(graph.gf, graph.blocks_out.out_ids);
    }
    return with_rows_of(graph, outputs[plan->blocks.size() - 1], cur);
}

uint32_t llama_blocks_n_nodes(const llama_hparams & hparams) {
    uint32_t res = 0;
    if (hparams.blocks) {
        for (const auto & block : hparams.blocks->blocks) {
            res += 4*block.scales.size(); // an input's rows, its scale, the sum's rows, the sum
        }
        res += 1; // the rows of the output
    }
    return res;
}

//
// memory
//

int32_t llama_blocks_context_memory(const llama_context * ctx, llama_blocks_memory * out, int32_t n_out) {
    return guarded<int32_t>(-1, [&]() -> int32_t {
        std::map<ggml_backend_buffer_type_t, llama_blocks_memory> rows;

        for (const auto & [buft, bytes] : llama_get_memory_breakdown(ctx)) {
            rows[buft].kv      = bytes.context;
            rows[buft].compute = bytes.compute;
        }

        std::set<const ggml_tensor *> counted;
        for (const auto & [_, tensor] : llama_get_model(ctx)->tensors_by_name) {
            if (tensor->buffer && counted.insert(tensor).second) {
                ggml_backend_buffer_type_t buft = ggml_backend_buffer_get_type(tensor->buffer);
                rows[buft].weights += GGML_PAD(ggml_backend_buft_get_alloc_size(buft, tensor), ggml_backend_buft_get_alignment(buft));
            }
        }

        int32_t n = 0;
        for (auto & [buft, row] : rows) {
            if (n < n_out) {
                snprintf(row.buffer_type, sizeof(row.buffer_type), "%s", ggml_backend_buft_name(buft));
                out[n] = row;
            }
            n++;
        }
        return n;
    });
}
