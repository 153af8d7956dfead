// What our own files share with each other.
#pragma once

#include "llama-blocks.h"
#include "llama-blocks-impl.h"

#include "llama-impl.h"

#include <stdexcept>
#include <string>

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

// throws unless plans of that kind are supported on the model
void llama_blocks_require_support(const llama_model & model, llama_blocks_support needed);

// replaces what is kept per layer by the same read through layers, and the number of layers
void llama_blocks_read_hparams_through(llama_hparams & hparams, const std::vector<int32_t> & layers);
