# Two commands do everything on a fresh machine with Python 3.11 or later: `make demo` and `make test`.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2
SECONDS ?= 60
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS)

HOSTS := build/hosts
with_host = PYTHONPATH=$(CURDIR) OMP_NUM_THREADS=1 $(dir $(1))bin/python -m pytest --numprocesses $(WORKERS)

.PHONY: demo test test-all test-fast lint format docs site wheel fuzz bench train train-sudoku clean
.PHONY: test-hosts test-transformers-oldest test-transformers-newest
.PHONY: test-weights
.PHONY: test-clients
.PHONY: test-viewer
.PHONY: test-vllm test-mlx test-jax test-sglang
.PHONY: test-ray
.PHONY: test-hostile

demo: $(STAMP)  ## the main job, end to end, on the embedded model
	$(BIN)/python examples/person.py

test: lint test-all  ## lint, types and every test

test-all: $(STAMP)  ## every test
	$(PYTEST)

test-fast: $(STAMP)  ## the everyday part of the tests
	$(PYTEST) -m "not slow"

test-hosts: test-transformers-oldest test-transformers-newest  ## what needs an environment of its own
test-hosts: test-weights  # readers of quantised weights, adapters
test-hosts: test-clients  # real clients of the server
test-hosts: test-viewer  # pages in a browser
test-hosts: test-vllm test-mlx test-jax test-sglang  # other engines
test-hosts: test-ray  # many machines

test-hostile: $(STAMP)  ## every hostile input, each in a process with 20 s of CPU and 2 GB
	PYTHONPATH=$(CURDIR) OMP_NUM_THREADS=1 $(BIN)/python tests/hostile/run_all.py

test-transformers-oldest: $(HOSTS)/transformers-5.19.0/.made
	$(call with_host,$<) tests/models tests/engine tests/integrations tests/vocabulary/test_from_tokenizer.py

test-transformers-newest: $(HOSTS)/transformers-5.24.0/.made
	$(call with_host,$<) tests/models tests/engine tests/integrations tests/vocabulary/test_from_tokenizer.py

# Kernels are compiled with the numba that is there, so they have a cache of their own.
test-vllm: $(HOSTS)/vllm/.made  ## vLLM's own server on the CPU, with the plugin
	NUMBA_CACHE_DIR=$(CURDIR)/$(HOSTS)/vllm-kernels $(HOSTS)/vllm/bin/python -m pytest tests/hosts/test_vllm_server.py tests/hosts/test_vllm_workers.py

test-mlx: $(HOSTS)/mlx/.made  ## mlx-vlm on the CPU
	PYTHONPATH=$(CURDIR) NUMBA_CACHE_DIR=$(CURDIR)/$(HOSTS)/mlx-kernels $(HOSTS)/mlx/bin/python -m pytest tests/hosts/test_mlx_vlm.py tests/hosts/test_mlx_server.py

test-jax: $(HOSTS)/jax/.made  ## hackable-diffusion's samplers on the CPU
	PYTHONPATH=$(CURDIR) $(HOSTS)/jax/bin/python -m pytest tests/hosts/test_hackable_diffusion.py

test-sglang: $(HOSTS)/sglang/.made  ## SGLang's class of a step, without its server
	PYTHONPATH=$(CURDIR) $(HOSTS)/sglang/bin/python -m pytest tests/hosts/test_sglang_class.py

$(HOSTS)/sglang/.made: $(STAMP) tests/hosts/make_sglang
	tests/hosts/make_sglang $(VENV) $(@D)
	touch $@

$(HOSTS)/jax/.made: $(STAMP) tests/hosts/make_jax
	tests/hosts/make_jax $(VENV) $(@D)
	touch $@

$(HOSTS)/vllm/.made: tests/hosts/make_vllm
	tests/hosts/make_vllm $(PYTHON) $(@D)
	touch $@

$(HOSTS)/mlx/.made: $(STAMP) tests/hosts/make_mlx
	tests/hosts/make_mlx $(VENV) $(@D)
	touch $@

test-weights: $(HOSTS)/weights/.made  ## adapters, device maps and weights of few bits, by the libraries that own them
	$(call with_host,$<) tests/models/weights

$(HOSTS)/weights/.made: $(STAMP) tests/hosts/make_venv constraints.txt
	tests/hosts/make_venv $(VENV) 5.23.0 $(@D) accelerate peft torchao compressed-tensors bitsandbytes
	touch $@

test-viewer: $(HOSTS)/browser/.made  ## the pages in Chromium, which the system has to have (Debian: apt-get install chromium)
	$(call with_host,$<) tests/viewer tests/notebook

$(HOSTS)/browser/.made: $(STAMP) tests/hosts/make_browser_venv tests/hosts/browser.txt
	tests/hosts/make_browser_venv $(VENV) $(@D)
	touch $@

# Ray listens on all interfaces whatever it is told, so it gets a network of its own.
test-ray: $(HOSTS)/ray/.made  ## Ray Data and Ray Serve, two workers on this machine
	unshare --map-root-user --net sh -c 'ip link set lo up && exec $(dir $<)bin/python -m pytest -p no:xdist -p no:cacheprovider tests/hosts/test_ray.py'

$(HOSTS)/ray/.made: $(STAMP) tests/hosts/make_venv constraints.txt
	tests/hosts/make_venv $(VENV) 5.23.0 $(@D) 'ray[data,serve]==2.60.0'
	touch $@

$(HOSTS)/transformers-%/.made: $(STAMP) tests/hosts/make_venv constraints.txt
	tests/hosts/make_venv $(VENV) $* $(@D)
	touch $@

CLIENTS := openai instructor pydantic_ai litellm langextract typesafe schemathesis outlines langchain llama_index
PACKAGE_openai := openai==3.57.0
PACKAGE_instructor := instructor==1.17.0
PACKAGE_pydantic_ai := pydantic-ai-slim[openai]==2.68.0
PACKAGE_litellm := litellm==1.110.2
PACKAGE_langextract := langextract[openai]==1.7.1
PACKAGE_typesafe := typesafe-sdk==0.7.5
PACKAGE_schemathesis := schemathesis==4.32.5
PACKAGE_outlines := outlines[openai]==1.3.3
PACKAGE_langchain := langchain-openai==1.7.4
PACKAGE_llama_index := llama-index-llms-openai-like==0.8.1

test-clients: $(CLIENTS:%=test-client-%)  ## real clients, each in an environment of its own, against `canvasgen serve`

test-client-%: $(HOSTS)/client-%/.made
	OMP_NUM_THREADS=1 tests/hosts/run_client $(BIN)/python $(dir $<)bin/python tests/hosts/clients/$*_client.py

$(HOSTS)/client-%/.made: $(STAMP)
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check '$(PACKAGE_$*)'
	touch $@

lint: $(STAMP)  ## rules, layout and types, changing nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python

format: $(STAMP)  ## sorts imports and lays out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMP)  ## links, snippets and examples of the documentation, and the generated pages
	$(PYTEST) tests/documentation tests/conformance/test_page.py

site: $(STAMP)  ## the documentation as a site, in build/site; a warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

wheel:  ## wheel and sdist into dist/, and the demo from the wheel in an environment of its own
	PYTHON=$(PYTHON) .ci/wheel

fuzz: $(STAMP)  ## coverage-guided fuzzing of every reader (tests/fuzz/README.md), SECONDS each
	$(BIN)/python -m pip install --quiet 'atheris>=3'
	for target in schema regex grammar template table tokens cache; do \
		mkdir -p build/fuzz/$$target; \
		PYTHONPATH=$(CURDIR) $(BIN)/python tests/fuzz/fuzz_readers.py $$target -max_total_time=$(SECONDS) \
			-artifact_prefix=build/fuzz/ build/fuzz/$$target || exit 1; done

bench: $(STAMP)  ## every figure that the documentation states
	for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

train: $(STAMP)  ## goes on training the embedded model from the shipped weights
	$(BIN)/python -m canvasgen.training.tiny.train --out build/tiny --resume

train-sudoku: $(STAMP)  ## the same for the embedded Sudoku model
	$(BIN)/python -m canvasgen.training.sudoku.train --out build/sudoku --resume

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $(STAMP)
