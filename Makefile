# Sets Llama Blocks up, runs it and checks it. Each target does what it needs first, and only once.

python := .venv/bin/python
screen := $(if $(DISPLAY)$(WAYLAND_DISPLAY),window,offscreen)
system := build/system-$(if $(filter test check bench,$(MAKECMDGOALS)),test,$(screen))
environment := .venv/ready
# Each core runs whole files, in their order: those that load models come before the many short ones.
tests := $(python) -m pytest -n auto --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help environment native unpatched run test check bench mergekit sanitize clean FORCE

help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

environment: $(environment) ## Install what is missing: system packages, uv, the Python packages in .venv

native: environment ## Fetch, patch and compile the native library into build/native
	@$(python) native/build.py

unpatched: environment ## Compile the same source without our hooks, to compare with
	@$(python) native/build.py --unpatched

run: environment native ## Open the window; without a display, make the same journey offscreen
	@$(python) main.py $(if $(filter offscreen,$(screen)),tour)

test: environment native unpatched ## Run the tests
	@$(tests)

check: environment native unpatched ## Run ruff, mypy, the import rules and the tests
	@$(python) -m ruff check .
	@$(python) -m mypy
	@$(tests)

bench: environment native unpatched ## Measure, print the table and write bench.json; PART=canvas measures that part alone
	@$(python) -m tests.bench $(PART)

mergekit: environment native ## Measure a stack made with mergekit beside ours; its environment takes 1.6 GB
	@$(python) -m tests.bench.mergekit

sanitize: environment native ## Run our C++ under the sanitizers and, where installed, valgrind (minutes the first time)
	@$(python) -m tests.native.sanitize

clean: ## Remove all that make made; system packages stay
	rm -rf build .venv uv.lock bench.json tour .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find app native tests -name __pycache__ -prune -exec rm -rf {} +

$(environment): pyproject.toml resources/setup/environment.sh $(if $(wildcard $(python)),,FORCE) | $(system)
	@resources/setup/environment.sh
	@touch $@

$(system): resources/setup/system.sh
	@mkdir -p build/log
	@resources/setup/system.sh $(@:build/system-%=%)
	@touch $@
