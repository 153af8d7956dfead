// Views: models that run a plan over the layers of bases.

#include "llama-blocks-internal.h"

#include "llama-model.h"

#include <algorithm>
#include <cstdio>
#include <map>

using base_list = std::vector<std::shared_ptr<llama_model>>;

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

// The order in which the view's blocks run: as in the plan, but begun by a weight block that the
// token input feeds, since a graph can only be steered at the end of a layer.
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

    int32_t n_layers = 0;
    for (const int32_t ib : res->order) {
        res->blocks[ib].first = n_layers;
        n_layers += res->blocks[ib].n_layers;
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

// the layer of a base that is a layer of its file; -1 where it does not hold it
static int32_t find_layer(const llama_model & base, int32_t file_layer) {
    if (!base.blocks) {
        return file_layer >= 0 && file_layer < (int32_t) base.hparams.n_layer_all ? file_layer : -1;
    }
    const auto & held = base.blocks->file_layers;
    const auto it = std::lower_bound(held.begin(), held.end(), file_layer);
    return it != held.end() && *it == file_layer ? it - held.begin() : -1;
}

// finds what holds each of the view's layers
static void bind_layers(llama_blocks & blocks, const llama_blocks_plan & plan, const base_list & bases, const llama_blocks_weight_layer * weight_layers, int32_t n_weight_layers) {
    for (const int32_t ib : blocks.order) {
        for (int32_t i = 0; i < plan.blocks[ib].n_layers; ++i) {
            const int32_t number = plan.blocks[ib].weight_start + i;
            const int32_t base = number < n_weight_layers ? weight_layers[number].base : -1;
            const int32_t il = base >= 0 && base < (int32_t) bases.size() ? find_layer(*bases[base], weight_layers[number].layer) : -1;
            if (il < 0) {
                throw std::runtime_error(format("weight layer %d is not loaded", number));
            }
            blocks.layers.push_back({ bases[base].get(), il });
        }
    }
}

static void require_equal(const char * what, double value, double first, size_t base) {
    if (value != first) {
        throw std::runtime_error(format("base %zu does not match the first one: %s is %g, not %g", base, what, value, first));
    }
}

// the first difference that keeps a base's layers from running in the first one's model
static void require_match(const llama_model & first, const llama_model & other, size_t base) {
    if (other.arch != first.arch) {
        throw std::runtime_error(format("base %zu does not match the first one: its architecture is '%s', not '%s'", base, other.arch_name().c_str(), first.arch_name().c_str()));
    }
    const llama_hparams & a = other.hparams;
    const llama_hparams & b = first.hparams;

    // what graphs read of the model as a whole
#define MATCH(field) require_equal(#field, a.field, b.field, base)
    MATCH(n_embd);
    MATCH(n_embd_head_k_full);
    MATCH(n_embd_head_v_full);
    MATCH(n_embd_head_k_swa);
    MATCH(n_embd_head_v_swa);
    MATCH(n_rot_full);
    MATCH(n_rot_swa);
    MATCH(n_embd_head_k_mla_impl);
    MATCH(n_embd_head_v_mla_impl);
    MATCH(n_lora_q);
    MATCH(n_lora_kv);
    MATCH(rope_type);
    MATCH(rope_freq_base_train);
    MATCH(rope_freq_base_train_swa);
    MATCH(rope_freq_scale_train);
    MATCH(rope_freq_scale_train_swa);
    MATCH(rope_scaling_type_train);
    MATCH(rope_attn_factor);
    MATCH(rope_yarn_log_mul);
    MATCH(n_ctx_orig_yarn);
    MATCH(f_norm_eps);
    MATCH(f_norm_rms_eps);
    MATCH(f_norm_group_eps);
    MATCH(n_norm_groups);
    MATCH(use_kq_norm);
    MATCH(use_par_res);
    MATCH(n_swa);
    MATCH(swa_type);
    MATCH(causal_attn);
    MATCH(use_alibi);
    MATCH(f_max_alibi_bias);
    MATCH(attn_soft_cap);
    MATCH(f_clamp_kqv);
    MATCH(f_attn_logit_softcapping);
    MATCH(f_router_logit_softcapping);
    MATCH(f_final_logit_softcapping);
    MATCH(f_attention_scale);
    MATCH(f_residual_scale);
    MATCH(f_embedding_scale);
    MATCH(f_logit_scale);
    MATCH(f_attn_out_scale);
    MATCH(f_attn_value_scale);
    MATCH(f_attn_temp_scale);
    MATCH(n_expert);
    MATCH(n_expert_shared);
    MATCH(n_expert_groups);
    MATCH(n_group_used);
    MATCH(expert_weights_scale);
    MATCH(expert_weights_norm);
    MATCH(expert_gating_func);
#undef MATCH

    // most graphs read the head counts of layer 0 for all
    const auto & heads = b.n_head_arr;
    if (std::all_of(heads.begin(), heads.begin() + b.n_layer_all, [&](uint32_t n) { return n == heads[0]; })) {
        for (uint32_t il = 0; il < a.n_layer_all; ++il) {
            require_equal("n_head",    a.n_head_arr[il],    heads[0],           base);
            require_equal("n_head_kv", a.n_head_kv_arr[il], b.n_head_kv_arr[0], base);
        }
    }
}

// An equal vocabulary is held once: the base takes the first one's, and is not compared again.
static void require_same_vocab(const std::shared_ptr<llama_model> & first, llama_model & other, size_t base) {
    if (other.blocks && other.blocks->vocab_from == first) {
        return;
    }
    require_equal("n_vocab", other.vocab.n_tokens(), first->vocab.n_tokens(), base);
    for (uint32_t id = 0; id < first->vocab.n_tokens(); ++id) {
        const std::string & theirs = other.vocab.get_token_data(id).text;
        const std::string & ours   = first->vocab.get_token_data(id).text;
        if (theirs != ours) {
            throw std::runtime_error(format("base %zu does not match the first one: token %u is '%s', not '%s'", base, id, theirs.c_str(), ours.c_str()));
        }
    }
    if (other.blocks) {
        other.vocab = first->vocab;
        other.blocks->vocab_from = first;
    }
}

// the bases' tensors under the names they have in the view: a layer borrowed twice is listed twice
static std::vector<std::pair<std::string, ggml_tensor *>> name_tensors(const llama_blocks & blocks) {
    std::vector<std::pair<std::string, ggml_tensor *>> res;
    for (const auto & base : blocks.bases) {
        std::multimap<int32_t, int32_t> borrowers; // the file's layer -> layers of the view
        for (size_t il = 0; il < blocks.layers.size(); ++il) {
            const auto & from = blocks.layers[il];
            if (from.model == base.get()) {
                borrowers.emplace(base->blocks ? base->blocks->file_layers[from.il] : from.il, il);
            }
        }
        for (const auto & [name, tensor] : base->tensors_by_name) {
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
    }
    return res;
}

// a base's layer as a layer of the first one's model, which gives what a layer pack may lack
static llama_layer borrow(const llama_blocks::layer & from, const llama_model & first) {
    llama_layer res = from.model->layers[from.il];
    if (from.model != &first && !first.layers.empty()) {
        const llama_layer & any = first.layers[0];
        res.rope_freqs = res.rope_freqs ? res.rope_freqs : any.rope_freqs;
        res.rope_long  = res.rope_long  ? res.rope_long  : any.rope_long;
        res.rope_short = res.rope_short ? res.rope_short : any.rope_short;
    }
    return res;
}

llama_model * llama_blocks_view_init(
        llama_blocks_base * const * bases, int32_t n_bases,
        const llama_blocks_weight_layer * weight_layers, int32_t n_weight_layers,
        const llama_blocks_plan * plan) {
    return llama_blocks_guarded<llama_model *>(nullptr, [&] {
        const std::shared_ptr<llama_blocks> blocks = chain_blocks(*plan);
        for (int32_t i = 0; i < n_bases; ++i) {
            if (!bases[i]) {
                throw std::runtime_error(format("base %d was freed", i));
            }
            blocks->bases.push_back(bases[i]->model);
        }
        if (blocks->bases.empty()) {
            throw std::runtime_error("a view needs at least one base");
        }
        const llama_model & first = *blocks->bases[0];
        if (first.blocks && first.blocks->layers_only) {
            throw std::runtime_error("the first base holds layers only: it has no embeddings and no head");
        }
        for (const auto & base : blocks->bases) {
            llama_blocks_require_support(*base, is_token_input_kept(*blocks) ? LLAMA_BLOCKS_SUPPORT_FULL : LLAMA_BLOCKS_SUPPORT_SEQUENCE);
        }
        for (size_t i = 1; i < blocks->bases.size(); ++i) {
            require_match(first, *blocks->bases[i], i);
            require_same_vocab(blocks->bases[0], *blocks->bases[i], i);
        }
        bind_layers(*blocks, *plan, blocks->bases, weight_layers, n_weight_layers);

        std::unique_ptr<llama_model> view(llama_model_create(first.arch, llama_model_default_params()));
        *view = first; // shares what is behind pointers: vocabulary, tensors, buffers, devices

        view->loras.clear();
        view->get_split_state_ud.model = view.get();

        view->blocks          = blocks;
        view->hparams.blocks  = blocks.get();
        view->tensors_by_name = name_tensors(*blocks);

        view->layers.clear();
        std::vector<llama_blocks_hparams_source> from;
        for (const auto & layer : blocks->layers) {
            view->layers.push_back(borrow(layer, first));
            from.push_back({ &layer.model->hparams, layer.il });
        }
        llama_blocks_read_hparams(view->hparams, from);

        for (const auto & base : blocks->bases) {
            view->prec_policy.prec_acc .insert(base->prec_policy.prec_acc .begin(), base->prec_policy.prec_acc .end());
            view->prec_policy.prec_src1.insert(base->prec_policy.prec_src1.begin(), base->prec_policy.prec_src1.end());
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
        llama_blocks_check_scale(block, scale);
        if (scales[input] != scale) {
            scales[input] = scale;
            view->hparams.blocks_version++;
        }
        return 0;
    });
}

const llama_blocks::layer * llama_blocks_borrowed(const llama_blocks * blocks, int il) {
    return blocks && !blocks->layers.empty() ? &blocks->layers.at(il) : nullptr;
}
