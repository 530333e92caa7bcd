# Two commands do everything on a fresh machine with Python 3.11 or later: `make demo` and `make test`.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS)

HOSTS := build/hosts
with_host = PYTHONPATH=$(CURDIR) OMP_NUM_THREADS=1 $(dir $(1))bin/python -m pytest --numprocesses $(WORKERS)

.PHONY: demo test test-all test-fast test-hosts test-transformers-oldest test-transformers-newest test-vllm test-mlx lint format docs wheel bench train train-sudoku clean

demo: $(STAMP)  ## the main job, end to end, on the embedded model
	$(BIN)/python examples/person.py

test: lint test-all  ## lint, types and every test

test-all: $(STAMP)  ## every test
	$(PYTEST)

test-fast: $(STAMP)  ## the everyday part of the tests
	$(PYTEST) -m "not slow"

test-hosts: test-transformers-oldest test-transformers-newest test-vllm test-mlx  ## the tests that need environments of their own

test-transformers-oldest: $(HOSTS)/transformers-5.19.0/.made
	$(call with_host,$<) tests/models tests/engine tests/integrations tests/vocabulary/test_from_tokenizer.py

test-transformers-newest: $(HOSTS)/transformers-5.24.0/.made
	$(call with_host,$<) tests/models tests/engine tests/integrations tests/vocabulary/test_from_tokenizer.py

# Kernels are compiled with the numba that is there, so they have a cache of their own.
test-vllm: $(HOSTS)/vllm/.made  ## vLLM's own server on the CPU, with the plugin
	NUMBA_CACHE_DIR=$(CURDIR)/$(HOSTS)/vllm-kernels $(HOSTS)/vllm/bin/python -m pytest tests/hosts/test_vllm_server.py

test-mlx: $(HOSTS)/mlx/.made  ## mlx-vlm on the CPU
	PYTHONPATH=$(CURDIR) NUMBA_CACHE_DIR=$(CURDIR)/$(HOSTS)/mlx-kernels $(HOSTS)/mlx/bin/python -m pytest tests/hosts/test_mlx_vlm.py

$(HOSTS)/vllm/.made: tests/hosts/make_vllm
	tests/hosts/make_vllm $(PYTHON) $(@D)
	touch $@

$(HOSTS)/mlx/.made: $(STAMP) tests/hosts/make_mlx
	tests/hosts/make_mlx $(VENV) $(@D)
	touch $@

$(HOSTS)/transformers-%/.made: $(STAMP) tests/hosts/make_venv constraints.txt
	tests/hosts/make_venv $(VENV) $* $(@D)
	touch $@

lint: $(STAMP)  ## rules, layout and types, changing nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python

format: $(STAMP)  ## sorts imports and lays out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMP)  ## links, snippets and examples of the documentation, and the generated pages
	$(PYTEST) tests/test_documentation.py tests/conformance/test_page.py

wheel:  ## wheel and sdist into dist/, and the demo from the wheel in an environment of its own
	PYTHON=$(PYTHON) .ci/wheel

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
