// Plans, and what the contexts that run them hold of memory.

#include "llama-blocks-internal.h"

#include "llama-context.h"
#include "llama-ext.h"
#include "llama-graph.h"
#include "llama-model.h"

#include "ggml-backend.h"
#include "ggml-cpu.h"

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

// the device whose memory it is, "" for main memory
static std::string device_of(ggml_backend_buffer_type_t buft) {
    ggml_backend_dev_t dev = ggml_backend_buft_get_device(buft);
    const bool is_main = !dev || ggml_backend_dev_type(dev) == GGML_BACKEND_DEVICE_TYPE_CPU || ggml_backend_buft_is_host(buft);
    return is_main ? "" : ggml_backend_dev_name(dev);
}

int32_t llama_blocks_context_memory(const llama_context * ctx, llama_blocks_memory * out, int32_t n_out) {
    return llama_blocks_guarded<int32_t>(-1, [&]() -> int32_t {
        std::map<std::string, llama_blocks_memory> rows;
        rows[""] = {};

        for (const auto & [buft, bytes] : llama_get_memory_breakdown(ctx)) {
            auto & row = rows[device_of(buft)];
            row.kv      += bytes.context;
            row.compute += bytes.compute;
        }

        std::set<const ggml_tensor *> counted;
        for (const auto & [_, tensor] : llama_get_model(ctx)->tensors_by_name) {
            if (tensor->buffer && counted.insert(tensor).second) {
                ggml_backend_buffer_type_t buft = ggml_backend_buffer_get_type(tensor->buffer);
                const size_t bytes = GGML_PAD(ggml_backend_buft_get_alloc_size(buft, tensor), ggml_backend_buft_get_alignment(buft));
                auto & row = rows[device_of(buft)];
                const std::string kind = ggml_backend_buft_name(buft);
                row.weights  += bytes;
                row.mappable += kind == "CPU" || kind == "CPU_Mapped" ? bytes : 0;
            }
        }

        int32_t n = 0;
        for (auto & [device, row] : rows) {
            if (n < n_out) {
                snprintf(row.device, sizeof(row.device), "%s", device.c_str());
                out[n] = row;
            }
            n++;
        }
        return n;
    });
}

// the graph of a whole batch, which a context makes when it is made
static ggml_cgraph * largest_graph(const llama_context & ctx) {
    return ctx.get_gf_res_reserve()->get_gf();
}

int64_t llama_blocks_context_unheld(const llama_context * ctx) {
    return llama_blocks_guarded<int64_t>(-1, [&]() -> int64_t {
        const int64_t max_nodes = ctx->get_gf_res_reserve()->get_max_nodes();
        const size_t  graph     = ggml_tensor_overhead()*max_nodes + ggml_graph_overhead_custom(max_nodes, false);
        const size_t  scratch   = ggml_graph_plan(largest_graph(*ctx), ctx->n_threads_batch(), nullptr).work_size;
        const size_t  positions = ctx->n_ctx()*48; // a node of the std::map in which the KV cache finds each used cell
        const int n_graphs = ctx->n_ctx() > ctx->n_batch() ? 2 : 1; // for batches with outputs, and for those before
        return n_graphs*graph + scratch + positions;
    });
}

int32_t llama_blocks_context_commit(llama_context * ctx) {
    return llama_blocks_guarded<int32_t>(-1, [&]() -> int32_t {
        ggml_backend_sched_t sched = ctx->get_sched();
        if (llama_get_model(ctx)->hparams.no_alloc || ggml_backend_sched_get_n_backends(sched) != 1) {
            return 0;
        }
        ggml_cgraph * graph = largest_graph(*ctx);
        if (!ggml_backend_sched_alloc_graph(sched, graph)) {
            throw std::runtime_error("the compute buffers could not be allocated");
        }
        std::set<ggml_backend_buffer_t> buffers;
        for (int i = 0; i < ggml_graph_n_nodes(graph); ++i) {
            ggml_backend_buffer_t buffer = ggml_graph_node(graph, i)->buffer;
            if (buffer && ggml_backend_buffer_get_usage(buffer) == GGML_BACKEND_BUFFER_USAGE_COMPUTE) {
                buffers.insert(buffer);
            }
        }
        for (ggml_backend_buffer_t buffer : buffers) {
            ggml_backend_buffer_clear(buffer, 0);
        }
        ggml_backend_sched_reset(sched);
        return 0;
    });
}
