# The targets of Kluis; `make help` lists them. Needs Python 3.11 or later with venv, and nothing else.

PYTHON ?= python3
BIN := .venv/bin
ORDINARY := not campaign and not fresh
# Processes of their own, whose lines no coverage sees; `make test` runs them.
UNSEEN := campaign demo docs harness shipping web api/test_schemathesis.py faults/test_pooler.py faults/test_serving.py
# What depends on transactions, locks and sessions: `make check` runs it behind a pooler too.
POOLED := tests/harness/test_pgbouncer.py tests/faults/test_pooler.py tests/faults/test_database.py tests/*/test_races.py tests/retention/test_purge.py tests/access/test_read_budget.py tests/access/test_at_once.py tests/access/test_downloads_at_once.py tests/access/test_intake_at_once.py
LOCK_COMMAND := $(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-strip-extras --python-version 3.11 --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help run test check demo campaign mutants bench bench-quick bench-full lock format migration openapi clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' Makefile

run: .venv/run ## install, set up var/ and serve on 127.0.0.1:8000
	@$(BIN)/kluis init
	@exec $(BIN)/kluis serve

test: .venv/dev ## the tests, on SQLite and on a real PostgreSQL
	$(BIN)/pytest -q -n 2 --dist loadgroup -m "$(ORDINARY)"

check: .venv/dev .venv/node .venv/pgbouncer ## what else CI runs: format, lint, types, floors, OpenAPI, a fresh install, a pooler, coverage (on SQLite, and of what only PostgreSQL does)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/kluis openapi | diff - openapi.yaml
	cd .ci && REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true node_modules/.bin/redocly lint main
	$(BIN)/pytest -q -m fresh
	$(BIN)/pytest -q -n 2 --dist loadgroup --pooler -m "$(ORDINARY)" -k "not sqlite" $(POOLED)
	$(BIN)/pytest -q -n 2 --dist loadgroup -m "$(ORDINARY)" -k "not postgresql or at_once" $(UNSEEN:%=--ignore tests/%) --cov --cov-report=
	$(BIN)/coverage report --include "service/domain/*,service/crypto/*,service/usecases/*" --fail-under 100

demo: .venv/dev ## a throw-away service, and everything its users do with it
	$(BIN)/kluis demo --throw-away

campaign: .venv/dev ## SIGKILLs and races by the hundred; results in docs/reliability.md
	$(BIN)/pytest -s -m campaign tests/campaign

mutants: .venv/dev ## mutation runs on domain and crypto; fails below 90 percent killed
	.ci/mutants

bench: .venv/dev ## Kluis beside plaintext twins, at 100,000 records; results in bench/results.json
	$(BIN)/python -m bench

bench-quick: .venv/dev ## the same work on few records, in under three minutes; its ratios say little, and a goal missed is an error
	$(BIN)/python -m bench --size quick

bench-full: .venv/dev ## the same at 1,000,000 records
	$(BIN)/python -m bench --size full

format: .venv/dev ## format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

migration: .venv/dev ## write the next migration from the tables: make migration m="what it is about"
	$(BIN)/python migrations/revision.py "$(m)"
	$(BIN)/ruff format -q migrations

openapi: .venv/run ## write openapi.yaml anew from the code
	$(BIN)/kluis openapi > openapi.yaml

lock: .venv/dev ## resolve the dependencies anew, with hashes
	$(LOCK_COMMAND) --upgrade --extra build pyproject.toml -o requirements.lock
	$(LOCK_COMMAND) --upgrade --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## remove what was installed and made, but not var/
	rm -rf .venv .ci/node_modules .ci/pgbouncer mutants .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/run: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch .venv/run

.venv/dev: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch .venv/dev .venv/run

.venv/pgbouncer: .ci/fetch-pgbouncer | .venv/dev
	.ci/fetch-pgbouncer
	@touch .venv/pgbouncer

.venv/node: .ci/package-lock.json
	npm --prefix .ci ci --ignore-scripts --no-audit --no-fund --silent
	@touch .venv/node
