# What a person does with this project. Prerequisites: Python >= 3.11, and Node >= 20.19 for the web app.

VENV := backend/.venv
CALLASSISTANT := $(VENV)/bin/callassistant

# The newest Python that the locked packages have wheels for, with the venv module that Debian packages apart.
SUITS := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
FIND_PYTHON = for python in python3.13 python3.12 python3.11 python3.14 python3; do \
	  if $$python -c '$(SUITS)' 2>/dev/null; then command -v $$python; break; fi; done
PYTHON ?= $(shell $(FIND_PYTHON))

.DEFAULT_GOAL := help
.PHONY: help setup run call test check bench reference clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo; echo '  ARGS="…" is passed on: make call ARGS='"'"'--say "Hello"'"'"', make test ARGS="tests/callflow"'

setup: ## Install what is missing into backend/.venv and frontend/node_modules
	@python="$(PYTHON)"; if [ -z "$$python" ]; then \
	  echo "Python 3.11 to 3.14 with its venv module is needed (Debian and Ubuntu: apt install python3-venv)."; exit 1; fi; \
	"$$python" backend/tools/install.py

run: setup ## Everything up without any key: ring the assistant at the printed address
	@$(CALLASSISTANT) sandbox $(ARGS)

call: setup ## One simulated call in the terminal, its transcript printed as it happens
	@$(CALLASSISTANT) call $(ARGS)

test: setup ## Every check and every test
	@cd backend; status=0; .venv/bin/python -m tools.check || status=$$?; echo; \
	.venv/bin/python -m pytest -rs $(ARGS) || status=$$?; exit $$status

check: setup ## The fast checks alone (ARGS="types sizes" runs these two)
	@cd backend && .venv/bin/python -m tools.check $(ARGS)

bench: setup ## Measure the bridge between carrier and model
	@$(CALLASSISTANT) bench $(ARGS)

reference: setup ## Write the generated pages of docs/reference anew
	@cd backend && .venv/bin/python -m tools.reference

clean: ## Remove what can be made again; the calls in .data stay
	rm -rf $(VENV) frontend/node_modules frontend/build
	find backend -name __pycache__ -prune -exec rm -rf {} +
	rm -rf backend/.mypy_cache backend/.ruff_cache backend/.pytest_cache backend/.hypothesis backend/*.egg-info
