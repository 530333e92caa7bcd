# Two commands do everything on a fresh machine with Python 3.11: `make demo` and `make test`.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS)

.PHONY: demo test test-fast lint bench train train-sudoku clean

demo: $(STAMP)  ## the main job, end to end, on the embedded model
	$(BIN)/python examples/person.py

test: $(STAMP) lint  ## lint, types and every test
	$(PYTEST)

test-fast: $(STAMP)  ## the everyday part of the tests
	$(PYTEST) -m "not slow"

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python

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
