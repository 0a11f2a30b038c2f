# Two commands do it all: `make lab` opens the course, `make test` tests it. `make help` lists the others.
# Everything is installed into .venv, inside this folder; no root and no system package is needed.

VENV := .venv
PY   := $(VENV)/bin/python
PEER := build/nca
WORKSPACES := $(VENV)/share/hipster-shop/workspaces
# The notebooks' kernel is the environment's own, whatever kernels this user has elsewhere.
export JUPYTER_PREFER_ENV_PATH := 1
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help lab test test-long mutants tour bench lint editor nav strip down clean

help:  ## list these commands
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(PY):
	@python=$$(sh tools/find-python) || exit 1; echo "Making $(VENV) with $$python"; "$$python" -m venv $(VENV)

$(VENV)/.course: requirements.txt pyproject.toml tools/jupyter_settings.py tools/jupyter.json | $(PY)
	@echo "Installing the course into $(VENV) (once, a minute or two)"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(PY) tools/jupyter_settings.py
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.course
	@echo "Installing the tests' needs into $(VENV) (once)"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

lab: $(VENV)/.course  ## install, start the cluster, open JupyterLab at the first notebook
	@[ -n "$$LAB_CONTEXT" ] || $(PY) -m helpers up --empty
	@$(PY) tools/workspace.py $(WORKSPACES)
	@echo "Opening JupyterLab. Control-C ends it; the cluster goes on until: make down"
	@eval "$$($(PY) tools/jupyter_environment.py)"; PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(PY) -m jupyterlab --ServerApp.root_dir="$(CURDIR)/notebooks" \
	    --LabApp.workspaces_dir="$(CURDIR)/$(WORKSPACES)" --LabApp.default_url=/lab \
	    --log-level=CRITICAL $$([ "$$(id -u)" != 0 ] || echo --allow-root) $(LAB_OPTIONS)

# Without it the tests that compare with it are skipped.
$(PEER)/.installed: requirements-peer.txt | $(PY)
	@echo "Installing the policy engine's peer into $(PEER) (once)"
	@$(PY) -m venv $(PEER) && $(PEER)/bin/python -m pip install --quiet --disable-pip-version-check -r $< && touch $@ \
	    || { rm -rf $(PEER); echo "It can't be installed here; the tests that compare with it are skipped."; }

test: $(VENV)/.dev $(PEER)/.installed  ## run the tests, the fast ones first
	@$(PY) -m pytest -m "not long"

test-long: $(VENV)/.dev $(PEER)/.installed  ## run the tests of many rounds too
	@$(PY) -m pytest -m long -rP --timeout 1800

mutants: $(VENV)/.dev  ## change the policy engine in one place at a time: which changes does no test notice?
	@$(PY) tools/mutate.py $(or $(OF),helpers/policies) --count $(or $(COUNT),250) --seed $(or $(SEED),1)

tour: $(VENV)/.course  ## run every notebook on a fresh cluster, write them with outputs to build/tour/
	@$(PY) tools/tour.py

bench: $(VENV)/.dev  ## measure: one line a figure, `name value unit target`
	@$(PY) -m benchmarks

lint: $(VENV)/.dev  ## check style and types
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@for part in benchmarks tools tests; do \
	    MYPYPATH=$$part:tests $(PY) -m mypy --config-file tests/mypy.ini $$part || exit 1; done

editor:  ## build the widgets' front ends anew (needs Node.js; the results are in git)
	@cd helpers/display/widgets/frontend && npm ci --silent && npm test --silent && npm run --silent build

nav: $(VENV)/.course  ## write the links between the notebooks anew
	@$(PY) tools/navigation.py

strip: $(VENV)/.course  ## take the outputs out of the notebooks, as git keeps them
	@$(PY) tools/strip.py

down:  ## stop the cluster
	@if [ -x $(PY) ]; then $(PY) -m helpers down; else echo "No cluster was running: nothing is installed yet."; fi

clean:  ## stop the cluster, remove .venv and build
	@[ ! -x $(PY) ] || $(PY) -m helpers down || true
	rm -rf $(VENV) build
