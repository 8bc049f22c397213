# The commands a person needs. `make help` lists them.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: help install demo test check simulate chaos screenshots format clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

install: $(INSTALLED) ## set everything up in .venv (and again when the dependencies changed)

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'Tradepost needs Python 3.11 or newer as $(PYTHON). Set PYTHON, for example: make install PYTHON=python3.11' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo 'The venv module of Python is missing. On Debian and Ubuntu, install it with:' >&2; \
	  echo '  sudo apt install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(INSTALLED): $(BIN)/uv uv.lock pyproject.toml $(wildcard packages/*/pyproject.toml)
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv sync --locked --quiet --compile-bytecode
	@touch $@

demo: install ## run the main job on a store in a box: publish, sync, sell, ship, and prove it
	@$(BIN)/tradepost demo

test: install ## run the tests
	$(BIN)/pytest -n auto

# Checks that read the settings must not make the data folder of whoever runs them.
check: export TRADEPOST_DATA := $(CURDIR)/.venv/check-data
check: install ## run everything that a change must pass
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m django makemigrations --check --dry-run --settings tradepost.settings
# Last, so that the tests' closing line is the last thing printed.
	@$(MAKE) --no-print-directory test

SEED ?= 1
SEEDS ?= 1
HOURS ?= 2
SIDE_BY_SIDE ?= 1
simulate: install ## let a shop's day go by, with faults and kills, and compare (SEED=1 SEEDS=1 HOURS=2 SIDE_BY_SIDE=1)
	$(BIN)/python -m simulation --seed $(SEED) --seeds $(SEEDS) --hours $(HOURS) --side-by-side $(SIDE_BY_SIDE)

screenshots: install ## make the pictures of the docs anew, and of every page in build/screenshots (needs Chromium)
	$(BIN)/python docs/screenshots.py

ROUNDS ?= 12
WORKERS ?= 2
LEASE ?= 45
LOST_ANSWER ?= 180
chaos: install ## kill and freeze workers, take the database away, and compare (SEED=1 ROUNDS=12 WORKERS=2 LEASE=45 LOST_ANSWER=180)
	$(BIN)/python -m chaos --seed $(SEED) --rounds $(ROUNDS) --workers $(WORKERS) --lease-seconds $(LEASE) --lost-answer-seconds $(LOST_ANSWER)

format: install ## format the code and repair what can be repaired
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove what the commands above made
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
