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

// What makes a model a base that holds part of a file, or a view that runs a plan over bases.
// Other models have none.
struct llama_blocks {
    // base: the file's layer that each of its layers is, and whether it holds nothing but layers
    std::vector<int32_t> file_layers;
    bool                 layers_only = false;

    // base: the one whose vocabulary was found equal and taken in place of its own
    std::shared_ptr<llama_model> vocab_from;

    struct layer {
        const llama_model * model; // a base
        int32_t             il;    // in the base's numbering
    };

    struct block {
        int32_t first    = -1; // weight blocks: the first of its layers, in the view's numbering
        int32_t n_layers =  0; // 0 for a merge

        std::vector<int32_t> inputs; // block numbers, -1 for the token input
        std::vector<float>   scales; // merges: one an input
    };

    // view
    std::vector<layer>   layers; // whose layer each of its layers is
    std::vector<block>   blocks; // as numbered in the plan, unused ones included
    std::vector<int32_t> order;  // the blocks in use, in the order they run

    std::vector<std::shared_ptr<llama_model>> bases; // kept alive
};

// The outputs of blocks while one graph is built.
struct llama_blocks_outputs {
    std::vector<ggml_tensor *> blocks;   // by block number
    ggml_tensor * token_input = nullptr; // what the first layer is fed
    ggml_tensor * out_ids     = nullptr; // I32 [n_outputs], the rows the head needs
};

// llama_model_load, hyper-parameters read: forget the layers that are not wanted
void llama_blocks_select_layers(llama_model & model, llama_model_loader & ml);

// load_tensors: whether llama.cpp reads a mapped file ahead, which the loading of a base does itself
bool llama_blocks_prefetches();

// create_tensor: true for a tensor that a base of layers only does without
bool llama_blocks_leave_out(const llama_blocks * blocks, llama_model_loader & ml, const LLM_TN_IMPL & tn);

// create_tensor: the tensor's name in the file
LLM_TN_IMPL llama_blocks_tensor_name(const llama_blocks * blocks, const LLM_TN_IMPL & tn);

// models that ask for a layer's number: the one it has in its file
int llama_blocks_file_layer(const llama_model & model, int il);

// device tables: the base's layer that a view's layer is; null for other models
const llama_blocks::layer * llama_blocks_borrowed(const llama_blocks * blocks, int il);

// build_norm, build_qkv: the first of them in layer 0 gets the token input
void llama_blocks_keep_token_input(llama_blocks_outputs & outputs, ggml_tensor * cur, int il);

// build_cvec: takes the output of layer il, returns the input of the next one, or of the head
ggml_tensor * llama_blocks_next_input(const llm_graph_context & graph, ggml_tensor * cur, int il);

// graph_max_nodes: nodes that the plan's merges add
uint32_t llama_blocks_n_nodes(const llama_hparams & hparams);
