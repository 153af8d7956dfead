// Goes through all of our C API, for the sanitizers and valgrind to watch: `exercise N MODEL…`.
//
// N rounds of random plans run over each model, and over all of them as sources of one plan. The
// models must match each other.

#include "llama-blocks.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

static std::mt19937 dice(1);

static int32_t roll(int32_t n) {
    return dice() % n;
}

static void require(bool holds, const char * what) {
    if (!holds) {
        fprintf(stderr, "exercise: %s: %s\n", what, llama_blocks_last_error());
        exit(1);
    }
}

struct opened {
    llama_model   * view;
    llama_context * context;
    int32_t         n_blocks;
    int32_t         position;
};

static llama_context * new_context(llama_model * model, bool exact) {
    llama_context_params params = llama_context_default_params();
    params.n_ctx = 64;
    params.n_batch = params.n_ubatch = 32;
    params.n_threads = params.n_threads_batch = 1;
    if (exact) {
        params.type_k = params.type_v = GGML_TYPE_F32;
        params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    }
    return llama_init_from_model(model, params);
}

static void decode(opened & plan, int32_t n, int32_t n_rows) {
    llama_batch batch = llama_batch_init(n, 0, 1);
    batch.n_tokens = n;
    for (int32_t i = 0; i < n; ++i) {
        batch.token[i]     = roll(250);
        batch.pos[i]       = plan.position + i;
        batch.n_seq_id[i]  = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i]    = i >= n - n_rows;
    }
    require(llama_decode(plan.context, batch) == 0, "decode");
    const float * logits = llama_get_logits(plan.context);
    require(std::isfinite(logits[0]), "logits");
    plan.position += n;
    llama_batch_free(batch);
}

// A first block, then weight blocks and merges of whatever is there; the last is a merge of all.
static llama_blocks_plan * new_plan(int32_t n_weight_layers, int32_t & n_blocks) {
    llama_blocks_plan * plan = llama_blocks_plan_init();
    require(llama_blocks_plan_add_weights(plan, roll(n_weight_layers), 1, -1) == 0, "first block");
    n_blocks = 1;
    for (int32_t i = roll(6); i > 0; --i, ++n_blocks) {
        if (roll(2)) {
            const int32_t start = roll(n_weight_layers);
            const int32_t n     = 1 + roll(std::min(2, n_weight_layers - start));
            require(llama_blocks_plan_add_weights(plan, start, n, roll(n_blocks + 1) - 1) == n_blocks, "weights");
        } else {
            std::vector<int32_t> inputs(2 + roll(15));
            std::vector<float>   scales(inputs.size());
            for (size_t k = 0; k < inputs.size(); ++k) {
                inputs[k] = roll(n_blocks + 1) - 1;
                scales[k] = (roll(9) - 4) / 4.0f;
            }
            require(llama_blocks_plan_add_merge(plan, inputs.data(), scales.data(), inputs.size()) == n_blocks, "merge");
        }
    }
    std::vector<int32_t> inputs(n_blocks + 1);
    std::vector<float>   scales(inputs.size(), 0.25f);
    for (int32_t k = 0; k <= n_blocks; ++k) {
        inputs[k] = k - 1;
    }
    require(llama_blocks_plan_add_merge(plan, inputs.data(), scales.data(), inputs.size()) == n_blocks, "last merge");
    n_blocks++;
    return plan;
}

static opened open_plan(const std::vector<llama_blocks_base *> & bases, const std::vector<llama_blocks_weight_layer> & layers) {
    int32_t n_blocks;
    llama_blocks_plan * plan = new_plan(layers.size(), n_blocks);
    llama_model * view = llama_blocks_view_init(bases.data(), bases.size(), layers.data(), layers.size(), plan);
    llama_blocks_plan_free(plan);
    require(view, "view");
    opened res = { view, new_context(view, roll(2)), n_blocks, 0 };
    require(res.context, "context");
    return res;
}

static void use(opened & plan) {
    for (int32_t i = 0; i < 3; ++i) {
        const int32_t n = 1 + roll(8);
        decode(plan, n, 1 + roll(n));
        require(llama_blocks_view_set_scale(plan.view, plan.n_blocks - 1, roll(plan.n_blocks), (roll(5) - 2) / 2.0f) == 0, "scale");
    }
    llama_blocks_memory rows[4];
    require(llama_blocks_context_memory(plan.context, rows, roll(2) * 4) > 0, "memory");
}

static void close_plan(opened & plan) {
    llama_free(plan.context);
    llama_model_free(plan.view);
}

static llama_blocks_base * load(const char * path, const std::vector<int32_t> & layers, bool layers_only, bool dry = false) {
    llama_model_params params = llama_model_default_params();
    if (dry) {
        params.no_alloc  = true;
        params.load_mode = LLAMA_LOAD_MODE_NONE;
    } else if (roll(2)) {
        params.load_mode = LLAMA_LOAD_MODE_NONE;
    }
    llama_blocks_base * base = llama_blocks_base_load(path, params, layers.empty() ? nullptr : layers.data(), layers.size(), layers_only);
    require(base, "base");
    return base;
}

static int32_t count_layers(const char * path) {
    llama_blocks_base * base = load(path, {}, false);
    const int32_t res = llama_model_n_layer(llama_blocks_base_model(base));
    llama_blocks_base_free(base);
    return res;
}

// several plans over one base, the base's handle given up at some time, all in random order
static void run_plans(std::vector<llama_blocks_base *> bases, const std::vector<llama_blocks_weight_layer> & layers) {
    std::vector<opened> plans;
    for (int32_t i = 0; i < 4; ++i) {
        plans.push_back(open_plan(bases, layers));
        use(plans.back());
    }
    const int32_t kept = 0;
    require(llama_blocks_base_keep(bases[0], &kept, 1) >= 0, "keep");
    std::shuffle(plans.begin(), plans.end(), dice);
    std::shuffle(bases.begin(), bases.end(), dice);
    while (!plans.empty() || !bases.empty()) {
        if (!bases.empty() && (plans.empty() || roll(3) == 0)) {
            llama_blocks_base_free(bases.back());
            bases.pop_back();
        } else {
            use(plans.front());
            close_plan(plans.back());
            plans.pop_back();
            if (!plans.empty()) {
                use(plans.front());
            }
        }
        for (opened & plan : plans) {
            llama_memory_clear(llama_get_memory(plan.context), false);
            plan.position = 0;
        }
    }
}

static std::vector<llama_blocks_weight_layer> all_of(int32_t base, int32_t n_layers) {
    std::vector<llama_blocks_weight_layer> res;
    for (int32_t i = 0; i < n_layers; ++i) {
        res.push_back({ base, i });
    }
    return res;
}

static void one_source(const char * path, int32_t n_layers) {
    run_plans({ load(path, {}, false) }, all_of(0, n_layers));

    std::vector<llama_blocks_weight_layer> layers = all_of(0, n_layers);
    std::vector<int32_t> wanted;
    for (int32_t i = n_layers - 1; i >= 0; --i) {
        if (roll(2)) {
            wanted.insert(wanted.begin(), i);
        } else {
            layers.erase(layers.begin() + i);
        }
    }
    if (!wanted.empty()) {
        run_plans({ load(path, wanted, false) }, layers);
    }

    llama_blocks_base * dry = load(path, {}, false, true);
    opened plan = open_plan({ dry }, all_of(0, n_layers));
    llama_blocks_memory rows[4];
    require(llama_blocks_context_memory(plan.context, rows, 4) > 0, "memory of a dry run");
    close_plan(plan);
    llama_blocks_base_free(dry);
}

static void all_sources(const std::vector<const char *> & paths, int32_t n_layers) {
    std::vector<llama_blocks_base *>       bases;
    std::vector<llama_blocks_weight_layer> layers;
    for (size_t i = 0; i < paths.size(); ++i) {
        bases.push_back(load(paths[i], {}, i > 0));
        for (const auto & layer : all_of(i, n_layers)) {
            layers.push_back(layer);
        }
    }
    run_plans(bases, layers);
}

static void refuse(bool is_refused, const char * what) {
    require(is_refused && *llama_blocks_last_error(), what);
}

static void bad_input(const char * path, int32_t n_layers) {
    const llama_model_params params = llama_model_default_params();
    const int32_t beyond[] = { n_layers - 1, n_layers };
    const int32_t falling[] = { 1, 0 };
    refuse(!llama_blocks_base_load("/nowhere.gguf", params, nullptr, 0, false), "absent file");
    refuse(!llama_blocks_base_load(path, params, beyond, 2, false), "layer beyond the file's");
    refuse(!llama_blocks_base_load(path, params, falling, 2, false), "falling layers");
    llama_model_params cancelled = params;
    cancelled.progress_callback = [](float, void *) { return false; };
    refuse(!llama_blocks_base_load(path, cancelled, nullptr, 0, false), "cancelled load");

    llama_blocks_base * base  = load(path, {}, false);
    llama_blocks_base * other = load(path, { 0 }, true);
    const auto layers = all_of(0, n_layers);
    const int32_t inputs[] = { 0, 0 };
    const float   scales[] = { 1.0f, NAN };

    llama_blocks_plan * plan = llama_blocks_plan_init();
    refuse(!llama_blocks_view_init(&base, 1, layers.data(), n_layers, plan), "empty plan");
    refuse(llama_blocks_plan_add_weights(plan, 0, 1, 0) < 0, "input that is not there");
    refuse(llama_blocks_plan_add_weights(plan, 0, llama_blocks_max_layers() + 1, -1) < 0, "too many layers");
    refuse(llama_blocks_plan_add_weights(plan, 0, 0, -1) < 0, "no layers");
    require(llama_blocks_plan_add_weights(plan, n_layers - 1, 2, -1) == 0, "block");
    refuse(llama_blocks_plan_add_merge(plan, inputs, scales, 2) < 0, "a scale of NaN");
    refuse(llama_blocks_plan_add_merge(plan, inputs, scales, 1) < 0, "one input");
    refuse(!llama_blocks_view_init(&base, 1, layers.data(), n_layers, plan), "layer beyond the weights");
    refuse(!llama_blocks_view_init(&base, 0, layers.data(), n_layers, plan), "no base");
    refuse(!llama_blocks_view_init(&other, 1, layers.data(), n_layers, plan), "no head");
    llama_blocks_base * gone = nullptr;
    refuse(!llama_blocks_view_init(&gone, 1, layers.data(), n_layers, plan), "freed base");
    llama_blocks_plan_free(plan);

    opened open = open_plan({ base }, layers);
    refuse(llama_blocks_view_set_scale(open.view, open.n_blocks - 1, 0, INFINITY) < 0, "infinite scale");
    refuse(llama_blocks_view_set_scale(open.view, open.n_blocks, 0, 1.0f) < 0, "no such block");
    refuse(llama_blocks_view_set_scale(open.view, open.n_blocks - 1, 99, 1.0f) < 0, "no such input");
    refuse(llama_blocks_view_set_scale(llama_blocks_base_model(base), 0, 0, 1.0f) < 0, "no view");
    llama_blocks_base_free(base);
    llama_blocks_base_free(other);
    close_plan(open);
}

int main(int argc, char ** argv) {
    llama_log_set([](ggml_log_level, const char *, void *) {}, nullptr);
    const std::vector<const char *> paths(argv + 2, argv + argc);
    const int32_t n_layers = count_layers(paths[0]);
    for (int32_t round = atoi(argv[1]); round > 0; --round) {
        for (const char * path : paths) {
            one_source(path, n_layers);
        }
        all_sources(paths, n_layers);
    }
    bad_input(paths[0], n_layers);
    llama_backend_free();
    puts("all of it ran");
    return 0;
}
