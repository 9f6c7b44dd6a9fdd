# Index of commands; `make` alone explains them. What they do is in scripts/.
PYTHON ?= $(shell for candidate in python3 python3.13 python3.12 python3.11; do \
	$$candidate -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$candidate && break; done)
DEV := .venv/bin
SAM := .tools/sam/bin
CONFIG ?= staging
export SAM_CLI_TELEMETRY := 0
export PYTHONUTF8 := 1
.DEFAULT_GOAL := help
.PHONY: help setup python run test unit e2e check bench smoke build deploy openapi lock reset clean

help: ## This list
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and none was found; install one (Debian: python3)."; exit 1; }

setup: python ## Environments and tools, from the lock files
	@$(PYTHON) -m scripts.environments dev sam ministack checkov
	@$(PYTHON) -m scripts.dynamodb_local

run: python ## The whole product on this machine, until Ctrl-C
	@$(PYTHON) -m scripts.environments dev sam ministack
	@exec $(DEV)/python -m scripts.local_stack up

test: setup build ## All tests; the end-to-end ones on a throw-away stack
	$(DEV)/coverage erase
	$(DEV)/pytest --ignore=tests/e2e --cov --cov-report=
	$(DEV)/coverage report
	$(DEV)/python -m scripts.local_stack with -- $(DEV)/pytest --force-enable-socket tests/e2e

unit: setup ## Quick tests only: no artefact, no stack
	$(DEV)/pytest --ignore=tests/e2e --ignore=tests/artifact

e2e: setup ## End-to-end tests on a throw-away stack
	$(DEV)/python -m scripts.local_stack with -- $(DEV)/pytest --force-enable-socket tests/e2e

check: setup ## Format, lint, types, imports, template
	$(DEV)/ruff format --check .
	$(DEV)/ruff check .
	$(DEV)/mypy
	$(DEV)/lint-imports
	$(SAM)/cfn-lint
	AWS_DEFAULT_REGION=us-east-1 $(SAM)/sam validate --lint
	.tools/checkov/bin/checkov --config-file .checkov.yaml

bench: setup build ## Figures against their targets
	$(DEV)/python -m scripts.bench

smoke: python ## One study from draft to report against a running stack
	@$(PYTHON) -m scripts.environments dev
	@$(DEV)/python -m scripts.smoke

build: python ## The artefact that is deployed (RUNTIME=python3.13 ARCHITECTURE=arm64 for AWS)
	@$(PYTHON) -m scripts.environments dev sam
	@$(DEV)/python -m scripts.build $(if $(RUNTIME),--runtime $(RUNTIME)) $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE))

deploy: ## To AWS (CONFIG=staging or prod)
	$(MAKE) build RUNTIME=$(or $(RUNTIME),python3.13) ARCHITECTURE=$(or $(ARCHITECTURE),arm64)
	$(SAM)/sam deploy --config-env $(CONFIG)

openapi: setup ## The OpenAPI document, written anew
	$(DEV)/python -m scripts.openapi

lock: python ## The lock files, from requirements/*.in
	@$(PYTHON) -m scripts.lock

reset: ## Forget the data of the local stack, which must not run
	rm -rf .local/state .local/stack.json

clean: ## Remove what was built; environments and the local stack's data stay
	rm -rf .aws-sam .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
