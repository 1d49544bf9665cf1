# Every target sets itself up in .venv/ of this checkout. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready

.PHONY: help setup browser elasticsearch run demo test check bench clean lock

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(STAMP): requirements-dev.lock requirements-bootstrap.lock pyproject.toml scripts/setup.sh
	@PYTHON="$(PYTHON)" sh scripts/setup.sh
	@touch $(STAMP)

browser: $(STAMP)
	@sh scripts/browser.sh

elasticsearch: $(STAMP)
	@sh scripts/elasticsearch.sh

setup: $(STAMP) browser ## install packages into .venv and a browser where that is possible

run: setup ## watch the bundled demo sites: first alert with evidence within about a minute
	@$(BIN)/tingfeng run --demo

demo: setup ## rehearse the scripted incident once, print what took how long, and stop
	@$(BIN)/tingfeng demo drill

test: setup elasticsearch ## run all tests, those of the real Elasticsearch where it can be had
	@$(BIN)/python -m pytest

check: setup elasticsearch ## format, lint, types, import contracts, tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest

bench: setup ## run the benchmarks and print their tables
	@for script in $(filter-out benchmarks/crawl_site.py,$(wildcard benchmarks/[a-z]*.py)); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

lock: $(STAMP) ## renew the lock files from pyproject.toml
	@sh scripts/lock.sh

clean: ## remove what was built and what the demo wrote (not your own var/)
	rm -rf .venv var/demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
