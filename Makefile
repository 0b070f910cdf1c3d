.DEFAULT_GOAL := help
.PHONY: help run test up down demo deploy which-stage lint fmt bench lock token

# .venv is made once, and again when the lock file or the place of this clone has changed, or its Python is gone.
READY := .venv/ready-$(shell { pwd; cat requirements-dev.txt; } | cksum | cut -d ' ' -f 1)
ifneq ($(shell test -x .venv/bin/python && echo yes),yes)
.PHONY: $(READY)
endif
VENV := .venv/bin

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1   \t/p' $(MAKEFILE_LIST)

run: $(READY) ## Everything: local stack, sample portfolio, meter runs, a table of savings; the API stays up
	@$(VENV)/python -m infra.local run

test: lint ## Every check
	$(VENV)/python -m pytest

up: $(READY) ## Start the local stack in the background, or bring it up to date; writes .local/stack.json
	@$(VENV)/python -m infra.local up

down: ## Stop the local stack and forget its data
	@if [ -x $(VENV)/python ]; then $(VENV)/python -m infra.local down; else echo "No local stack was up."; fi

demo: $(READY) ## Run the sample portfolio on the stack that is up
	@$(VENV)/python -m infra.local.demo

deploy: $(if $(STAGE),,which-stage) $(READY) ## Deploy a stage of infra/deployment/stages.yaml to AWS: make deploy STAGE=dev
	@$(VENV)/python -m infra.deployment.deploy $(STAGE)

which-stage:
	@echo "Say which stage of infra/deployment/stages.yaml: make deploy STAGE=dev" >&2; exit 1

lint: $(READY) ## Style, types, and who may import whom
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy
	$(VENV)/lint-imports

fmt: $(READY) ## Format the code and mend what can be mended
	$(VENV)/ruff check --fix
	$(VENV)/ruff format

bench: $(READY) ## Print the benchmarks
	@set -e; for name in speed.cold_import speed.cold_start equality equality.caltrack speed speed.bulk speed.throughput speed.memory speed.aggregation speed.overhead cost validation; do echo "== $$name"; $(VENV)/python -m benchmarks.$$name; done

lock: $(READY) ## Resolve requirements/*.in into the lock files
	sh requirements/lock.sh $(ARGS)

token: $(READY) ## Make a read token for the local stack (python -m infra.tokens --help says more)
	@$(VENV)/python -m infra.tokens create made-by-hand --scope read

$(READY): requirements-dev.txt
	@sh requirements/install.sh
	@rm -f .venv/ready-*
	@touch $@
