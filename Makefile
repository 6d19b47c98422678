# Trunkline's workshop. 'make' lists what there is; any Python from 3.11 on with venv is enough.

PYTHON ?= $(firstword $(foreach name,python3.11 python3 python,$(shell command -v $(name) 2>/dev/null)))
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
# A lock names everything, so nothing is resolved; and wheels alone are taken, for to build one would fetch build
# tools that no lock names. What is imported is compiled then: to compile it all takes longer.
INSTALL := $(PIP) install --require-hashes --no-deps --no-compile --only-binary :all:
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-header
export UV_PYTHON_DOWNLOADS := never
# Bytecode is kept: without it every process of the desk takes seconds to import what it needs.
unexport PYTHONDONTWRITEBYTECODE

# 'make test WORKERS=4 ARGS="-k clock"'
WORKERS ?= auto
ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- what is installed -------------------------------------------------------------------------------------

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Trunkline needs Python 3.11 or later, and there is none here." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Trunkline needs Python 3.11 or later; $(PYTHON) is older. Name another: make PYTHON=..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) comes without venv. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@"$(PYTHON)" -m venv $(VENV)

# The stamps are what each lock was installed by. What 'dev' installs is all that 'run' needs, in the same versions.
$(VENV)/.run: requirements/embedded.txt | $(BIN)/python
	@echo "Installing into $(VENV), once ..." >&2
	@$(INSTALL) -r requirements/embedded.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt requirements/embedded.txt | $(BIN)/python
	@echo "Installing the workshop's tools into $(VENV), once ..." >&2
	@$(INSTALL) -r requirements/dev.txt
	@touch $(VENV)/.run $@

# --- the desk ----------------------------------------------------------------------------------------------

.PHONY: run
run: $(VENV)/.run ## run the desk: database, API and worker, on http://127.0.0.1:8000
	@exec $(BIN)/python -m app run

.PHONY: demo
demo: $(VENV)/.run ## play a day at the desk on a test clock, with what was delivered
	@exec $(BIN)/python -m app demo

# --- the workshop ------------------------------------------------------------------------------------------

.PHONY: test
test: $(VENV)/.dev ## run every test, on databases of their own
	@$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

.PHONY: nightly
nightly: $(VENV)/.dev ## play 100,000 steps of random lives of tickets beside the model (more or fewer with STEPS=)
	@TRUNKLINE_LIVES_STEPS=$(or $(STEPS),100000) $(BIN)/python -m pytest -n $(WORKERS) tests/stories/test_random_lives.py

.PHONY: replay
replay: $(VENV)/.dev ## replay the whole log of a real desk (a part of it is in make test)
	@TRUNKLINE_LOG_EVERY=1 $(BIN)/python -m pytest tests/stories/test_real_desk_log.py

.PHONY: fuzz
fuzz: $(VENV)/.dev ## read mails by chance for three minutes, in processes (longer or shorter with SECONDS=)
	@$(BIN)/python -m tests.mail.fuzz --seconds $(or $(SECONDS),180)

.PHONY: check
check: $(VENV)/.dev ## lint, format, types, the order of the rooms, drift of migrations and of the API document
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m app check-migrations
	$(BIN)/python -m app openapi --check

.PHONY: format
format: $(VENV)/.dev ## format, and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: openapi
openapi: $(VENV)/.dev ## write openapi/openapi.json
	@$(BIN)/python -m app openapi

.PHONY: bench
bench: $(VENV)/.dev ## measure, and print the figures
	@$(BIN)/python -m bench $(ARGS)

.PHONY: lock
lock: $(VENV)/.dev ## resolve the three locks anew; newer versions too with UPGRADE=--upgrade
	$(COMPILE) $(UPGRADE) --extra embedded --group dev -o requirements/dev.txt
	$(COMPILE) --extra embedded -c requirements/dev.txt -o requirements/embedded.txt
	$(COMPILE) -c requirements/dev.txt -o requirements/run.txt

.PHONY: clean
clean: ## remove what can be made again; the desk's data in .trunkline stay
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find app alembic bench tests -name __pycache__ -type d -prune -exec rm -rf {} +
