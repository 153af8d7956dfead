// Plans over the layers of loaded models: the C API that Llama Blocks adds to llama.cpp.
//
// A base is a loaded model file, or the part of it that is wanted. A view is a llama_model over a
// base whose layers are chained as a plan says; it shares the base's vocabulary and tensors, and
// everything that takes a llama_model takes a view. Functions that can fail return NULL or a
// negative number; llama_blocks_last_error() then says why, for the calling thread.
#pragma once

#include "llama.h"

#ifdef __cplusplus
extern "C" {
#endif

struct llama_blocks_plan;
struct llama_blocks_base;

LLAMA_API const char * llama_blocks_last_error(void);

// How far plans are supported on an architecture, by its GGUF name.
enum llama_blocks_support {
    LLAMA_BLOCKS_SUPPORT_NONE     = 0, // refused
    LLAMA_BLOCKS_SUPPORT_SEQUENCE = 1, // no block but the first one may be fed by the token input
    LLAMA_BLOCKS_SUPPORT_FULL     = 2,
};

LLAMA_API enum llama_blocks_support llama_blocks_arch_support(const char * arch);

// The most layers that a plan may run.
LLAMA_API int32_t llama_blocks_max_layers(void);

//
// plan: blocks numbered from 0 in the order they are added; the last one is the output
//

LLAMA_API struct llama_blocks_plan * llama_blocks_plan_init(void);
LLAMA_API void                       llama_blocks_plan_free(struct llama_blocks_plan * plan);

// A run of n_layers on the weight layers from weight_start, fed by an earlier block or by -1, the
// token input. Returns the block's number.
LLAMA_API int32_t llama_blocks_plan_add_weights(
        struct llama_blocks_plan * plan,
                         int32_t   weight_start,
                         int32_t   n_layers,
                         int32_t   input);

// The sum of scales[i] * the output of inputs[i] over n_inputs >= 2 earlier blocks (or -1), added
// from left to right. Returns the block's number.
LLAMA_API int32_t llama_blocks_plan_add_merge(
        struct llama_blocks_plan * plan,
                   const int32_t * inputs,
                     const float * scales,
                         int32_t   n_inputs);

//
// base
//

// Loads a model file, and of its layers only those listed (the file's own numbers, strictly
// ascending; NULL for all). The others are neither read nor allocated. With layers_only neither are
// embeddings and head, which such a file need not have. params.progress_callback may cancel.
LLAMA_API struct llama_blocks_base * llama_blocks_base_load(
                         const char * path,
          struct llama_model_params   params,
                      const int32_t * layers,
                            int32_t   n_layers,
                               bool   layers_only);

// Lets the system have the memory of the base's layers that are not listed (the file's own numbers),
// where they lie in a mapped file: they are read again when they are used again. Returns the bytes of
// such layers that lie elsewhere and stay, as repacked ones do.
LLAMA_API int64_t llama_blocks_base_keep(
         struct llama_blocks_base * base,
                    const int32_t * layers,
                          int32_t   n_layers);

// The loaded model itself: its layers in their own order. It belongs to the base.
LLAMA_API struct llama_model * llama_blocks_base_model(struct llama_blocks_base * base);

// Gives the handle up. The weights go with the last view over them.
LLAMA_API void llama_blocks_base_free(struct llama_blocks_base * base);

//
// view
//

// Where the weight layer of a plan's numbering is held.
struct llama_blocks_weight_layer {
    int32_t base;  // an index into the bases, -1 while it is not loaded
    int32_t layer; // the layer's number in the base's file
};

// A model that runs the plan over the weights of bases. The first one gives vocabulary, embeddings
// and head; the others must match it in all that their layers rely on. weight_layers says what the
// plan's weight layers are. Blocks that the output does not depend on are left out. To be freed
// with llama_model_free(), after its contexts.
LLAMA_API struct llama_model * llama_blocks_view_init(
               struct llama_blocks_base * const * bases,
                                        int32_t   n_bases,
         const struct llama_blocks_weight_layer * weight_layers,
                                        int32_t   n_weight_layers,
                 const struct llama_blocks_plan * plan);

// The name, for cb_eval, of the tensor that the token input is in a view's graph. What leaves layer N
// is called "l_out-N", as in all of llama.cpp's graphs.
#define LLAMA_BLOCKS_TOKEN_INPUT "blocks_token_input"

// Sets the scale of a merge's input (both counted from 0), for every context of the view from its
// next decode on. Not to be called during a decode. Returns 0.
LLAMA_API int32_t llama_blocks_view_set_scale(
        struct llama_model * view,
                   int32_t   block,
                   int32_t   input,
                     float   scale);

//
// memory
//

struct llama_blocks_memory {
    char   device[64]; // the backend's name for it, "" for main memory
    size_t weights;    // bytes of the tensors that the view uses, each counted once
    size_t mappable;   // those of them that lie in the file where it is mapped
    size_t kv;         // bytes of the context's KV cache and other state
    size_t compute;    // bytes of the context's compute buffers
};

// Fills at most n_out rows, main memory first, with what a context over a view holds or, where
// the base was loaded with no_alloc, would hold. Returns the number of rows there are.
LLAMA_API int32_t llama_blocks_context_memory(
       const struct llama_context * ctx,
       struct llama_blocks_memory * out,
                          int32_t   n_out);

// Bytes of main memory that a context over a view takes beside that when it has decoded a batch of
// n_ubatch tokens and its KV cache is full, and does not hold before its first decode: the graphs that
// it keeps to use again, what the CPU backend converts activations in, the positions of used cells.
LLAMA_API int64_t llama_blocks_context_unheld(const struct llama_context * ctx);

// Touches the compute buffers of a context that runs on the CPU alone, so that the system gives all
// of their memory now and not amid a decode. Returns 0.
LLAMA_API int32_t llama_blocks_context_commit(struct llama_context * ctx);

#ifdef __cplusplus
}
#endif
