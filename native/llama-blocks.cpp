// Plans, and what the contexts that run them hold of memory.

#include "llama-blocks-internal.h"

#include "llama-ext.h"
#include "llama-model.h"

#include "ggml-backend.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>

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

void llama_blocks_check_scale(size_t block, float scale) {
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
            llama_blocks_check_scale(plan->blocks.size(), scales[i]);
        }
        plan->blocks.push_back({ -1, 0, { inputs, inputs + n_inputs }, { scales, scales + n_inputs } });
        return plan->blocks.size() - 1;
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
