# Every command sets itself up: the environment is made on the first call and again when the lock
# file changes. Options are variables, e.g. make nightly LANDING=raw WAREHOUSE=out AS_OF=2025-06-30
PYTHON ?= python3
# Spark has an environment of its own, since PySpark is large
VENV := $(if $(filter spark,$(TARGET)),.venv-spark,.venv)
LOCK := $(if $(filter spark,$(TARGET)),requirements-spark.lock,requirements.lock)
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SQL_CLEAN := $(VENV)/.sql-clean

export LANDING WAREHOUSE POLICIES TARGET AS_OF FULL PUBLISH_POSTGRES_DSN
export ENTITY MONTH BY REASON KIND SOFT AT DIFFERENCE PREPARED_BY APPROVED_BY
export DO_NOT_TRACK = 1
export DBT_SEND_ANONYMOUS_USAGE_STATS = false
export DAGSTER_DISABLE_TELEMETRY = 1
export GX_ANALYTICS_ENABLED = false

.PHONY: help setup nightly check rollback close reopen restate test test-histories test-spark parity lint bench ui docs lock clean
.DEFAULT_GOAL := help

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

# --no-deps: the lock file is complete, so nothing is resolved and nothing else can come in
$(READY): $(LOCK) pyproject.toml
	@$(PYTHON) orchestration/require_python.py
	@$(if $(filter spark,$(TARGET)),$(PYTHON) orchestration/require_java.py)
	@echo "setting up $(VENV) (a few minutes, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(LOCK)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

setup: $(READY) ## Make the environment

nightly: $(READY) ## Landing, gates, build, publication, site
	@$(BIN)/twofold nightly

check: $(READY) ## The landing gate alone
	@$(BIN)/twofold check

rollback: $(READY) ## Return to the publication before the current one
	@$(BIN)/twofold rollback

close: $(READY) ## Close a period: ENTITY= MONTH=YYYY-MM-DD BY=
	@$(BIN)/twofold close

reopen: $(READY) ## Open it again: ENTITY= MONTH= BY= APPROVED_BY= REASON=
	@$(BIN)/twofold reopen

restate: $(READY) ## Approve a restatement: ENTITY= MONTH= KIND= DIFFERENCE= PREPARED_BY= APPROVED_BY= REASON=
	@$(BIN)/twofold restate

lint: $(READY) $(SQL_CLEAN) ## Style of Python and SQL
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

# parsing SQL is slow, so it is linted again only after a change
$(SQL_CLEAN): $(READY) .sqlfluff tests/lint/__init__.py $(shell find models tests/data -name '*.sql')
	@$(BIN)/sqlfluff lint --processes 2 models tests/data
	@touch $(SQL_CLEAN)

test: $(READY) lint ## Lint, unit, project, data and integration tests
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder

test-histories: $(READY) ## 200 random histories: building what changed against building all
	@TWOFOLD_HISTORIES=200 $(BIN)/python -m pytest --numprocesses 2 tests/integration/test_histories.py

test-spark: ## Spark against DuckDB, cell by cell (needs Java 17)
	@$(PYTHON) orchestration/require_java.py
	@$(MAKE) --no-print-directory TARGET=spark parity

parity: $(READY)
	@$(BIN)/python -m pytest tests/spark

SIZES ?= 1m
ENGINES ?= floor,nightly,again,late,dbt,profitability,pandas,postgres,spark
SPARK_PYTHON ?= .venv-spark/bin/python
BENCH := $(VENV)/.bench

$(BENCH): $(READY) requirements-bench.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-bench.lock
	@touch $(BENCH)

bench: $(BENCH) ## Measure everything: SIZES=1m,10m,tpcds1 ENGINES=floor,nightly,…
	@$(BIN)/python -m benchmarks.run --sizes $(SIZES) --engines $(ENGINES) --spark $(SPARK_PYTHON) \
	    --work $(or $(WAREHOUSE),warehouse)/benchmarks

ui: $(READY) ## Dagster's web interface on loopback
	@$(BIN)/python -m orchestration.ui

docs: $(READY) ## Serve the site on loopback
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(or $(WAREHOUSE),warehouse)/site 8000

UV_LOCK := uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
    --no-strip-extras --generate-hashes --no-emit-index-url --no-header

# one version of a package in both: the second is held to the first
lock: ## Renew the lock files from pyproject.toml (needs uv)
	$(UV_LOCK) --output-file requirements.lock
	$(UV_LOCK) --group spark --constraint requirements.lock --output-file requirements-spark.lock
	uv pip compile --group bench --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header --output-file requirements-bench.lock

clean: ## Remove everything built, the warehouse excepted
	rm -rf .venv .venv-spark target logs *.egg-info
