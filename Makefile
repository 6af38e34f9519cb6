# What a person types. `make help` lists it.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# Engine tests run side by side, each process with a sandbox of its own.
WORKERS ?= 2

.PHONY: help setup demo test lint format unit sandbox-tests contract engine test-long clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

.venv/installed: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	@echo "Installing the Python packages into .venv (a minute or two the first time) ..."
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

setup: .venv/installed ## Python packages into .venv, PostgreSQL, the Pulumi CLI (found, downloaded or built)
	@$(BIN)/python -m sandbox.parts
	@$(BIN)/python -m sandbox.engine

demo: setup ## the switch there and back, in the sandbox
	@$(BIN)/python -m sandbox.demo

test: setup lint unit sandbox-tests contract engine ## all tests

lint: .venv/installed ## ruff and mypy --strict
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .

format: .venv/installed ## put the code in ruff's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

unit: .venv/installed ## pure rules and the program under mocks: seconds, no engine
	$(BIN)/pytest tests/unit

sandbox-tests: .venv/installed ## the sandbox's AWS
	$(BIN)/pytest tests/sandbox -n $(WORKERS)

contract: setup ## the stand-in plugin against the recordings
	$(BIN)/pytest tests/contract -n $(WORKERS)

engine: setup ## the real engine in the sandbox
	$(BIN)/pytest tests/engine -n $(WORKERS) --dist loadscope

test-long: setup ## the random tests, long: about ten minutes
	HYPOTHESIS_PROFILE=long $(BIN)/pytest tests/unit/test_task_definition.py tests/unit/test_figures.py

clean: ## stop the sandbox, remove what setup and tests made here
	@[ ! -d .sandbox ] || $(BIN)/python -m sandbox stop
	rm -rf .venv .sandbox .mypy_cache .ruff_cache .pytest_cache .hypothesis
