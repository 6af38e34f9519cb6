# What a person types. `make help` lists it.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# Tests run side by side, each process with a sandbox of its own. In a sandbox a test waits about half of its time, in a
# load test most of it.
WORKERS ?= 3
SWITCH := $(addprefix tests/engine/test_,switch.py cases.py others.py mistakes.py)
ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
# CI installs exactly what the lock says; a person gets what the requirements allow.
REQUIREMENTS := $(if $(CI),--require-hashes -r requirements.lock,-r requirements-dev.txt)

.PHONY: help setup demo test lint format unit database sandbox-tests contract checklist load-tests engine exam-day \
	workflows actionlint audit test-long lock dashboard scale-out rehearse capacity large-class benchmark clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

.venv/installed: requirements.txt requirements-dev.txt requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	@echo "Installing the Python packages into .venv (a minute or two the first time) ..."
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check $(REQUIREMENTS)
	@touch $@

setup: .venv/installed ## Python packages into .venv, PostgreSQL, HAProxy, the Pulumi CLI (found, downloaded or built)
	@$(BIN)/python -m sandbox.parts
	@$(BIN)/python -m sandbox.engine

demo: setup ## the switch there and back with the checklist after each, in the sandbox
	@$(BIN)/python -m sandbox.demo

test: setup lint unit database sandbox-tests contract checklist load-tests engine exam-day workflows ## all tests

lint: .venv/installed ## ruff and mypy --strict
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .

format: .venv/installed ## put the code in ruff's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

unit: .venv/installed ## pure rules and the program under mocks: seconds, no engine
	$(BIN)/pytest tests/unit tests/student tests/readiness tests/loadtest tests/benchmark --ignore-glob='*/sandbox' -n auto

database: setup ## who is there and who worked, asked of a real PostgreSQL
	$(BIN)/pytest tests/database -n $(WORKERS) --dist loadscope

sandbox-tests: setup ## the sandbox's AWS, database, load balancer and tasks
	$(BIN)/pytest tests/sandbox tests/rehearsal -n $(WORKERS)

contract: setup ## the stand-ins of plugin and application against the recordings
	$(BIN)/pytest tests/contract -n $(WORKERS)

checklist: setup ## the checklist in every world, in the sandbox
	$(BIN)/pytest tests/readiness/sandbox -n $(WORKERS) --dist loadscope

load-tests: setup ## a small class through the whole load test, in the sandbox
	$(BIN)/pytest tests/loadtest/sandbox -n 4 --dist worksteal

engine: setup ## the switch on the real engine, in the sandbox
	$(BIN)/pytest $(SWITCH) -n $(WORKERS) --dist loadscope

exam-day: setup ## the same under stress: guards, faults, least privilege, resolution
	$(BIN)/pytest $(filter-out $(SWITCH),$(wildcard tests/engine/test_*.py)) -n $(WORKERS) --dist loadscope

workflows: setup ## what GitHub runs for this repository, in the sandbox
	$(BIN)/pytest tests/workflows -rs -n $(WORKERS) --dist loadfile

actionlint: ## the workflows' own linter; needs Go
	go run $(ACTIONLINT)

audit: .venv/installed ## known vulnerabilities in what requirements.lock installs, by PyPI
	$(BIN)/uv tool run pip-audit==2.10.1 --strict --disable-pip --require-hashes -r requirements.lock

dashboard: .venv/installed ## what the dashboard looks like in an exam, into docs/dashboard.png
	@$(BIN)/python -m sandbox.picture

scale-out: .venv/installed ## time to scale-out at both metric resolutions, into docs/scale-out.md
	@$(BIN)/python -m sandbox.surge

rehearse: setup ## a whole exam day in the sandbox, with what may go wrong in it: about 4 minutes
	@$(BIN)/python -m rehearsal

capacity: setup ## the same class on five postures in the sandbox, into docs/capacity.md: about 20 minutes
	@$(BIN)/python -m loadtest.capacity

large-class: setup ## 340 students from this machine, on 7 tasks in the sandbox: about 11 minutes
	@$(BIN)/python -m loadtest.large_class

benchmark: setup ## what a switch takes against other ways to make it, into docs/benchmark.md: about 5 minutes
	@$(BIN)/python -m benchmark

test-long: setup ## the random tests, long, and every file with a test that is marked long, whole: about an hour
	HYPOTHESIS_PROFILE=long $(BIN)/pytest tests/unit/test_task_definition.py tests/unit/test_figures.py \
		tests/engine/test_random.py -n $(WORKERS) --dist loadscope
	$(BIN)/pytest $$(grep -rl --include='test_*.py' 'mark\.long' tests) -m "long or not long" -n $(WORKERS) --dist loadscope

lock: .venv/installed ## requirements.lock anew: the newest versions that the requirements allow, with PyPI's hashes
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --no-config --upgrade --universal \
		--python-version 3.11 --generate-hashes -o requirements.lock requirements-dev.txt

clean: ## stop the sandbox, remove what setup and tests made here
	@[ ! -d .sandbox ] || $(BIN)/python -m sandbox stop
	rm -rf .venv .sandbox .mypy_cache .ruff_cache .pytest_cache .hypothesis
