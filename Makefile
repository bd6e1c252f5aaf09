# Everything here sets itself up: Python >= 3.11 with venv and pip, git and make are enough.
#
#   make demo     a small real study, from its claim to its site, in a temporary lab
#   make study    the same study, recorded into this repository's own lab
#   make test     every test        (PYTEST_ARGS="tests/record -k codec" for some of them)
#   make check    every other check: style, types, layers, dependencies, generated files
#   make planted  plant defects, one at a time, that the tests must notice (docs/planted.md)
#   make bench    measure what docs/performance.md states
#   make site     verify this repository's own lab and build its site: build/labrec/site
#   make site-matrix  look at every kind of page in every view, with every payload (an hour)
#   make docs     regenerate the pages and schemas that come from the code, and build the site
#   make screenshot  take the picture of the README from the built site
#   make coverage every test, with the lines that none of them reached

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.labrec-setup
UV_VERSION := 0.13.8
PYTHON ?=
PYTEST_ARGS ?=
WORKERS ?= auto

# uv may use nothing but this environment, the committed lock and the machine's own certificates.
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/$(VENV)
export UV_SYSTEM_CERTS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH

.PHONY: help
help:
	@sed -n 's/^#   make/make/p' Makefile

# --- set-up -----------------------------------------------------------------------------------

.PHONY: setup
setup: $(STAMP)

$(STAMP): pyproject.toml uv.lock Makefile .ci/setup
	@PYTHON='$(PYTHON)' .ci/setup '$(VENV)' '$(UV_VERSION)'
	@touch $@

# --- what one does here -----------------------------------------------------------------------

.PHONY: demo
demo: setup
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python examples/stdlib_lm/study.py $(DEMO_ARGS)

.PHONY: study
study: setup
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python examples/stdlib_lm/study.py --lab '$(CURDIR)' $(DEMO_ARGS)

.PHONY: test
test: setup
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

.PHONY: site-matrix
site-matrix: setup
	@LABREC_SITE_MATRIX=full $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -o timeout=3600 \
	  tests/site_matrix tests/site tests/site_pages $(PYTEST_ARGS)

.PHONY: planted
planted: setup
	@$(BIN)/python tests/planted/plant.py $(PLANTED)

.PHONY: coverage
coverage: setup
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report term:skip-covered $(PYTEST_ARGS)

.PHONY: bench
bench: setup
	@$(BIN)/uv sync --frozen --quiet --inexact --extra lab --group bench
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

.PHONY: docs
docs: setup
	@$(BIN)/labrec schema --write
	@$(BIN)/python docs/generate.py --write
	@$(BIN)/python -m pytest -q -n0 tests/project/test_docs.py
	@$(MAKE) site

.PHONY: site
site: setup
	@$(BIN)/labrec verify
	@$(BIN)/labrec analyze
	@$(BIN)/labrec site build

.PHONY: screenshot
screenshot: site
	@$(BIN)/python docs/screenshot.py

# --- checks: all of them run, however many fail -----------------------------------------------

CHECKS := check-style check-format check-types check-layers check-dependencies check-schemas \
  check-pages check-lock

.PHONY: check
check: setup
	@$(MAKE) --keep-going $(CHECKS) || { echo 'make check: some checks failed, see above' >&2; exit 1; }
	@echo 'make check: all $(words $(CHECKS)) checks passed'

.PHONY: $(CHECKS)
check-style:
	@echo '· style (ruff check)' && $(BIN)/ruff check --quiet .
check-format:
	@echo '· format (ruff format)' && $(BIN)/ruff format --check --quiet .
check-types:
	@echo '· types (mypy)' && $(BIN)/mypy --no-error-summary
check-layers:
	@echo '· layers (import-linter)' && $(BIN)/lint-imports --no-logo
check-dependencies:
	@echo '· dependencies (deptry)' && $(BIN)/deptry src 2>&1 | { grep -v '^Assuming' || true; }
check-schemas:
	@echo '· schemas (labrec schema --check)' && $(BIN)/labrec schema --check
check-pages:
	@echo '· generated pages (docs/generate.py)' && $(BIN)/python docs/generate.py --check
check-lock:
	@echo '· lock (uv lock --check)' && $(BIN)/uv lock --check --quiet --offline || \
	  { echo 'uv.lock does not match pyproject.toml: run $(BIN)/uv lock' >&2; exit 1; }

.PHONY: clean
clean:
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage*
