// Plans, the views that run them over a base, and what they hold of memory.

#include "llama-blocks-internal.h"

#include "llama-ext.h"
#include "llama-model.h"

#include "ggml-backend.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>

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

thread_local std::string llama_blocks_error;

const char * llama_blocks_last_error(void) {
    return llama_blocks_error.c_str();
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
    return llama_blocks_guarded<int32_t>(-1, [&]() -> int32_t {
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
    return llama_blocks_guarded<int32_t>(-1, [&]() -> int32_t {
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
    return llama_blocks_guarded<llama_model *>(nullptr, [&] {
        const std::shared_ptr<llama_model> & from = base->model;

        const std::shared_ptr<llama_blocks> blocks = chain_blocks(*plan);
        llama_blocks_require_support(*from, is_token_input_kept(*blocks) ? LLAMA_BLOCKS_SUPPORT_FULL : LLAMA_BLOCKS_SUPPORT_SEQUENCE);
        bind_layers(*blocks, *from);
        blocks->base = from;

        std::unique_ptr<llama_model> view(llama_model_create(from->arch, llama_model_default_params()));
        *view = *from; // shares what is behind pointers: vocabulary, tensors, buffers, devices

        view->loras.clear();
        view->get_split_state_ud.model = view.get();

        view->blocks          = blocks;
        view->hparams.blocks  = blocks.get();
        view->tensors_by_name = name_tensors(*blocks, *from);
        llama_blocks_read_hparams_through(view->hparams, blocks->base_layers);

        view->layers.clear();
        for (const int32_t il : blocks->base_layers) {
            view->layers.push_back(from->layers[il]);
        }
        return view.release();
    });
}

int32_t llama_blocks_view_set_scale(llama_model * view, int32_t block, int32_t input, float scale) {
    return llama_blocks_guarded<int32_t>(-1, [&] {
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

//
// memory
//

int32_t llama_blocks_context_memory(const llama_context * ctx, llama_blocks_memory * out, int32_t n_out) {
    return llama_blocks_guarded<int32_t>(-1, [&]() -> int32_t {
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
