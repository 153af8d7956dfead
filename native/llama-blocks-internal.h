// What our own files share with each other.
#pragma once

#include "llama-blocks.h"
#include "llama-blocks-impl.h"

#include "llama-impl.h"

#include <stdexcept>
#include <string>

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

// why the last call on this thread failed, "" when it did not
extern thread_local std::string llama_blocks_error;

// runs fn and turns what it throws into llama_blocks_error
template <typename R, typename F>
R llama_blocks_guarded(R on_error, F fn) {
    try {
        llama_blocks_error.clear();
        return fn();
    } catch (const std::exception & e) {
        llama_blocks_error = e.what();
    }
    return on_error;
}

// throws unless the scale of a merge can be used
void llama_blocks_check_scale(size_t block, float scale);

// throws unless plans of that kind are supported on the model
void llama_blocks_require_support(const llama_model & model, llama_blocks_support needed);

// where a layer's hyper-parameters are read from
struct llama_blocks_hparams_source {
    const llama_hparams * hparams;
    int32_t               il;
};

// sets what is kept per layer, and the number of layers, layer by layer from the sources
void llama_blocks_read_hparams(llama_hparams & hparams, const std::vector<llama_blocks_hparams_source> & from);
