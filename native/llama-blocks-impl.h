// What the hooks in llama.cpp's own files see of plans.
#pragma once

#include "llama-arch.h"

#include <cstdint>
#include <memory>
#include <vector>

struct ggml_tensor;
struct llama_hparams;
struct llama_model;
struct llama_model_loader;
struct llm_graph_context;

// Which weight layer each layer of a model is, and how the layers are chained. A base has one
// only when some of its file's layers are left out; a view always has one.
struct llama_blocks {
    struct block {
        int32_t first    = -1; // weight blocks: the first of its layers, in this model's numbering
        int32_t n_layers =  0; // 0 for a merge

        std::vector<int32_t> inputs; // block numbers, -1 for the token input
        std::vector<float>   scales; // merges: one an input
    };

    std::vector<int32_t> weight_layers; // layer -> the file's layer it borrows
    std::vector<int32_t> base_layers;   // view: layer -> the base's layer it borrows

    std::vector<block>   blocks; // view: as numbered in the plan, unused ones included
    std::vector<int32_t> order;  // view: the blocks in use, in the order they run

    std::shared_ptr<llama_model> base; // view: keeps vocabulary and tensors alive
};

// The outputs of blocks while one graph is built.
struct llama_blocks_outputs {
    std::vector<ggml_tensor *> blocks;   // by block number
    ggml_tensor * token_input = nullptr; // what the first layer is fed
    ggml_tensor * out_ids     = nullptr; // I32 [n_outputs], the rows the head needs
};

// llama_model_load, hyper-parameters read: forget the layers that are not wanted
void llama_blocks_select_layers(llama_model & model, llama_model_loader & ml);

// create_tensor: the tensor's name in the file
LLM_TN_IMPL llama_blocks_tensor_name(const llama_hparams & hparams, const LLM_TN_IMPL & tn);

// device tables: the layer of the base
int llama_blocks_base_layer(const llama_hparams & hparams, int il);

// build_norm, build_qkv: the first of them in layer 0 gets the token input
void llama_blocks_keep_token_input(llama_blocks_outputs & outputs, ggml_tensor * cur, int il);

// build_cvec: takes the output of layer il, returns the input of the next one, or of the head
ggml_tensor * llama_blocks_next_input(const llm_graph_context & graph, ggml_tensor * cur, int il);

// graph_max_nodes: nodes that the plan's merges add
uint32_t llama_blocks_n_nodes(const llama_hparams & hparams);
