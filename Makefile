.DEFAULT_GOAL := help
.PHONY: help run test check up down demo deploy which-stage lint audit fmt bench fuzz lock token

# .venv is rebuilt when the lock file, the client's package or the path of this clone changes, or its Python is missing.
READY := .venv/ready-$(shell { pwd; cat requirements-dev.txt client/pyproject.toml; } | cksum | cut -d ' ' -f 1)
ifneq ($(shell test -x .venv/bin/python && echo yes),yes)
.PHONY: $(READY)
endif
VENV := .venv/bin

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1   \t/p' $(MAKEFILE_LIST)

run: $(READY) ## Start the local stack, run the sample portfolio, print its savings; the API stays up
	@$(VENV)/python -m infra.local run

# Tests run in one process more than there are cores, since many wait for their local stack; at most 8.
PROCESSES := $(shell cores=$$(getconf _NPROCESSORS_ONLN); echo $$((cores < 7 ? cores + 1 : 8)))
PYTEST := $(VENV)/python -m pytest --numprocesses $(PROCESSES) --dist worksteal

check: lint ## Run the fast checks: style, types, import rules, and the unit tests that are not slow
	$(PYTEST) tests/unit -m "not slow"

test: lint audit ## Run all checks and tests
	$(PYTEST)

up: $(READY) ## Start or update the local stack in the background; writes .local/stack.json
	@$(VENV)/python -m infra.local up

down: ## Stop the local stack and delete its data
	@if [ -x $(VENV)/python ]; then $(VENV)/python -m infra.local down; else echo "No local stack was up."; fi

demo: $(READY) ## Run the sample portfolio on the running local stack
	@$(VENV)/python -m infra.local.demo

deploy: $(if $(STAGE),,which-stage) $(READY) ## Deploy a stage of infra/deployment/stages.yaml to AWS: make deploy STAGE=dev
	@$(VENV)/python -m infra.deployment.deploy $(STAGE)

which-stage:
	@echo "No stage given. Name one from infra/deployment/stages.yaml: make deploy STAGE=dev" >&2; exit 1

lint: $(READY) ## Check style, types, import rules, and the code for security problems
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy
	$(VENV)/lint-imports
	$(VENV)/python client/make_sync.py --check
	$(VENV)/bandit --quiet --configfile pyproject.toml --recursive app.py chalicelib client/src infra

audit: $(READY) ## Look for known vulnerabilities in the packages; skipped if the service does not answer
	@$(VENV)/python -m infra.checks.audit

fmt: $(READY) ## Format the code, fix what can be fixed automatically, and make the synchronous client
	$(VENV)/ruff check --fix
	$(VENV)/ruff format
	$(VENV)/python client/make_sync.py

bench: $(READY) ## Run all benchmarks but the load test and the comparison with a commit, and print their results
	@set -e; for name in speed.cold_import speed.cold_start equality equality.caltrack speed speed.bulk speed.expansion speed.throughput speed.memory speed.aggregation speed.lists speed.overhead cost night validation; do echo "== $$name"; $(VENV)/python -m benchmarks.$$name; done

fuzz: $(READY) ## Send 20,000 random requests to a local stack and check its responses; ARGS=--seed=1 repeats a run
	@$(VENV)/python -m tests.fuzz $(ARGS)

lock: $(READY) ## Resolve requirements/*.in into the lock files; ARGS=--upgrade updates all pins
	sh requirements/lock.sh $(ARGS)

token: $(READY) ## Create a read token for the local stack (see also python -m infra.tokens --help)
	@$(VENV)/python -m infra.tokens create local-read --scope read

$(READY): requirements-dev.txt client/pyproject.toml
	@sh requirements/install.sh
	@rm -f .venv/ready-*
	@touch $@
