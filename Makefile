.DEFAULT_GOAL := help
.PHONY: help run test up down demo deploy which-stage lint fmt bench lock token

# .venv is rebuilt when the lock file or the path of this clone changes, or when its Python is missing.
READY := .venv/ready-$(shell { pwd; cat requirements-dev.txt; } | cksum | cut -d ' ' -f 1)
ifneq ($(shell test -x .venv/bin/python && echo yes),yes)
.PHONY: $(READY)
endif
VENV := .venv/bin

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1   \t/p' $(MAKEFILE_LIST)

run: $(READY) ## Start the local stack, run the sample portfolio, print its savings; the API stays up
	@$(VENV)/python -m infra.local run

test: lint ## Run all checks and tests
	$(VENV)/python -m pytest

up: $(READY) ## Start or update the local stack in the background; writes .local/stack.json
	@$(VENV)/python -m infra.local up

down: ## Stop the local stack and delete its data
	@if [ -x $(VENV)/python ]; then $(VENV)/python -m infra.local down; else echo "No local stack was up."; fi

demo: $(READY) ## Run the sample portfolio on the running local stack
	@$(VENV)/python -m infra.local.demo

deploy: $(if $(STAGE),,which-stage) $(READY) ## Deploy a stage of infra/stages.yaml to AWS: make deploy STAGE=dev
	@$(VENV)/python -m infra.deploy $(STAGE)

which-stage:
	@echo "No stage given. Name one from infra/stages.yaml: make deploy STAGE=dev" >&2; exit 1

lint: $(READY) ## Check style, types and import rules
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy
	$(VENV)/lint-imports

fmt: $(READY) ## Format the code and fix what can be fixed automatically
	$(VENV)/ruff check --fix
	$(VENV)/ruff format

bench: $(READY) ## Run all benchmarks and print their results
	@set -e; for name in cold_import cold_start equality caltrack speed bulk throughput memory aggregation overhead cost validation; do echo "== $$name"; $(VENV)/python -m benchmarks.$$name; done

lock: $(READY) ## Resolve requirements/*.in into the lock files
	sh requirements/lock.sh $(ARGS)

token: $(READY) ## Create a read token for the local stack (see also python -m infra.local token --help)
	@$(VENV)/python -m infra.local token create made-by-hand --scope read

$(READY): requirements-dev.txt
	@sh requirements/install.sh
	@rm -f .venv/ready-*
	@touch $@
