# Everything a newcomer or CI runs. `make help` lists the targets.
# Needs Python 3.11 or newer, make and a package index; sets up its own virtual environment.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
EACH ?= 400
ARTICLES ?= 2000
KILLS ?= 100
SEED ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo up test fuzz chaos lint types format bench bench-million evaluate lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## Make the virtual environment with everything in the lock file

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3.11 setup"; exit 1; }
	@echo "Setting up .venv (one to two minutes, once) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q services workers
	@touch $(READY)

demo: $(READY) ## Start the whole system, post the sample dispatches, show what they say
	@exec $(BIN)/python -m services.cli demo $(DEMO_ARGS)

up: $(READY) ## Start the whole system on its embedded servers
	@exec $(BIN)/python -m services.cli up $(UP_ARGS)

test: $(READY) ## Run every test, on real servers
	$(BIN)/python -m pytest $(TEST_ARGS)

fuzz: $(READY) ## Send over ten thousand odd requests at both services; `make fuzz EACH=1000` for more
	TREATYLINE_FUZZ=$(EACH) $(BIN)/python -m pytest -s --timeout 7200 tests/integration/test_openapi_fuzz.py

chaos: $(READY) ## Post articles while everything is killed, check that nothing is lost; ARTICLES=2000 KILLS=100 SEED=1
	$(BIN)/python -m tests.chaos --seed $(SEED) --articles $(ARTICLES) --kills $(KILLS) $(CHAOS_ARGS)

lint: $(READY) ## Check style, format and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(READY) ## Check types
	$(BIN)/python -m mypy

format: $(READY) ## Rewrite the code in the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## Measure everything against its bare limit (a quarter of an hour); writes docs/benchmarks.md
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

bench-million: $(READY) ## Measure how cost grows up to a million events (long); draws docs/scaling.svg
	$(BIN)/python -m benchmarks.scaling $(BENCH_ARGS)

evaluate: $(READY) ## Score the reading on every coded set that is present; writes docs/evaluation.md
	$(BIN)/python -m training.figures

lock: ## Rewrite requirements.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url --no-emit-find-links --quiet --output-file requirements.lock

clean: ## Remove the virtual environment and all embedded data
	rm -rf .venv var .mypy_cache .pytest_cache .ruff_cache
