// The chaining of blocks while a graph is built.

#include "llama-blocks.h"
#include "llama-blocks-impl.h"

#include "llama-graph.h"

#include <algorithm>

void llama_blocks_keep_token_input(llama_blocks_outputs & outputs, ggml_tensor * cur, int il) {
    if (il == 0 && !outputs.token_input) {
        outputs.token_input = cur;
    }
}

static ggml_tensor * output_of(const llm_graph_context & graph, int32_t block) {
    return block == -1 ? graph.blocks_out.token_input : graph.blocks_out.blocks[block];
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

// Every input is scaled and added, also by 1 and by 0: ggml's allocator takes the plan of the graph
// before for one with as many nodes of the same sizes, so no scale may change what is alive when.
static ggml_tensor * build_merge(const llm_graph_context & graph, const llama_blocks::block & merge) {
    ggml_tensor * sum = nullptr;
    for (size_t i = 0; i < merge.inputs.size(); ++i) {
        ggml_tensor * cur = output_of(graph, merge.inputs[i]);
        if (sum) {
            cur = with_rows_of(graph, cur, sum);
            sum = with_rows_of(graph, sum, cur);
        }
        cur = ggml_scale(graph.ctx0, cur, merge.scales[i]);
        sum = sum ? ggml_add(graph.ctx0, sum, cur) : cur;
    }
    return sum;
}

ggml_tensor * llama_blocks_next_input(const llm_graph_context & graph, ggml_tensor * cur, int il) {
    const llama_blocks * plan = graph.hparams.blocks;
    if (!plan || plan->order.empty()) {
        return cur;
    }
    if (il == 0 && graph.blocks_out.token_input) {
        ggml_set_name(graph.blocks_out.token_input, LLAMA_BLOCKS_TOKEN_INPUT);
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
