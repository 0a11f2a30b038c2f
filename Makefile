# Two commands do it all: `make lab` opens the course, `make test` tests it. `make help` lists the others.
# Everything is installed into .venv, inside this folder; no root and no system package is needed.

VENV := .venv
PY   := $(VENV)/bin/python
# Without the current directory on the path: nothing in it can take a module's place.
RUN  := $(PY) -P -m
# WHEELHOUSE=DIR, a folder that `make wheelhouse` filled, takes the registry's place.
PIP  := pip install --quiet --disable-pip-version-check $(if $(WHEELHOUSE),--no-index --find-links "$(WHEELHOUSE)")
PEER := build/nca
# The notebooks' kernel is the environment's own, whatever kernels this user has elsewhere.
export JUPYTER_PREFER_ENV_PATH := 1
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help lab kind kind-up kind-down test test-long mutants faults conformance tour site pictures bench lint lock \
    wheelhouse licences audit editor nav strip down clean

help:  ## list these commands
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(PY):
	@python=$$(sh tools/find-python) || exit 1; echo "Making $(VENV) with $$python"; "$$python" -m venv $(VENV)

$(VENV)/.course: requirements.lock pyproject.toml setup.py tools/jupyter_settings.py $(wildcard helpers/jupyter/etc/*) | $(PY)
	@echo "Installing the course into $(VENV) (once, a minute or two)"
	@$(RUN) $(PIP) --require-hashes -r requirements.lock
	@$(RUN) $(PIP) --no-deps --no-build-isolation -e .
	@$(PY) tools/jupyter_settings.py
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.course
	@echo "Installing the tests' needs into $(VENV) (once)"
	@$(RUN) $(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

lab: $(VENV)/.course  ## install, start the cluster, open JupyterLab at the first notebook
	@$(RUN) helpers lab $(LAB_OPTIONS)

# Without it the tests that compare with it are skipped.
$(PEER)/.installed: requirements-peer.lock | $(PY)
	@echo "Installing the policy engine's peer into $(PEER) (once)"
	@$(PY) -m venv $(PEER) && $(PEER)/bin/python -P -m $(PIP) --require-hashes -r $< && touch $@ \
	    || { rm -rf $(PEER); echo "It can't be installed here; the tests that compare with it are skipped."; }

kind: kind-up  ## make a kind cluster with Calico (needs Docker and kind), open the course on it
	@KUBECONFIG="$$($(PY) tools/kind.py kubeconfig)" LAB_CONTEXT=kind-hipster-shop $(MAKE) --no-print-directory lab

kind-up: $(VENV)/.course
	@$(PY) tools/kind.py up

kind-down: $(VENV)/.course  ## remove that cluster
	@$(PY) tools/kind.py down

test: $(VENV)/.dev $(PEER)/.installed  ## run the tests, the fast ones first
	@$(PY) -m pytest -m "not long" --numprocesses $(or $(WORKERS),auto) --maxprocesses 4 --dist loadfile

test-long: $(VENV)/.dev $(PEER)/.installed  ## run the tests of many rounds too
	@$(PY) -m pytest -m long -rP --timeout 1800

conformance: $(VENV)/.course  ## run Kubernetes' own specs, write docs/conformance.md (needs Go)
	@$(PY) tools/conformance.py

faults: $(VENV)/.dev  ## try every fault and every stranger, and write what came of it to docs/faults.md
	@FAULTS_REPORT=1 $(PY) -m pytest tests/faults tests/security --timeout 1800

mutants: $(VENV)/.dev  ## change the policy engine in one place at a time: which changes does no test notice?
	@$(PY) tools/mutate.py $(or $(OF),helpers/policies) --count $(or $(COUNT),250) --seed $(or $(SEED),1)

tour: $(VENV)/.course  ## run every notebook on a fresh cluster, write them with outputs to build/tour/
	@$(PY) tools/tour.py

site: $(VENV)/.course  ## the same as a web site in build/site/, for a server of static pages
	@$(PY) tools/tour.py --to build/site

pictures: $(VENV)/.dev  ## make the documents' pictures anew, light and dark (needs Chromium)
	@$(PY) tools/drawings.py
	@$(PY) tools/screenshots.py

bench: $(VENV)/.dev  ## measure: one line a figure, `name value unit target`
	@$(PY) -m benchmarks

lint: $(VENV)/.dev  ## check style and types
	@$(RUN) ruff check .
	@$(RUN) ruff format --quiet --check . || { echo "Run: $(VENV)/bin/ruff format ."; exit 1; }
	@$(RUN) mypy
	@for part in benchmarks tools tests; do \
	    MYPYPATH=$$part:tests $(RUN) mypy --config-file tests/mypy.ini $$part || exit 1; done

LOCK := $(RUN) uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
    --custom-compile-command "make lock" --no-emit-package hipster-shop-network-policy $(LOCK_OPTIONS)

lock: $(VENV)/.dev  ## write the locks anew from the lists (LOCK_OPTIONS=--upgrade: with the newest versions)
	@$(LOCK) requirements.txt --output-file requirements.lock
	@$(LOCK) requirements-dev.txt --constraints requirements.lock --output-file requirements-dev.lock
	@$(LOCK) requirements-peer.txt --output-file requirements-peer.lock

wheelhouse: $(VENV)/.course  ## fetch all that the course needs into a folder, for machines without a registry: TO=DIR
	@[ -n "$(TO)" ] || { echo "Name the folder: make wheelhouse TO=DIR"; exit 2; }
	@$(PY) tools/wheelhouse.py "$(TO)" $(if $(PYTHONS),--python $(PYTHONS)) $(if $(PLATFORMS),--platform $(PLATFORMS))

licences: $(VENV)/.course  ## write what is installed under which licence to build/licences.md and build/sbom.json
	@$(PY) tools/licences.py build

audit: $(VENV)/.dev  ## ask which locked versions have known vulnerabilities (needs the network)
	@$(RUN) uv tool run pip-audit==2.10.1 --strict --disable-pip --require-hashes -r requirements.lock -r requirements-dev.lock

editor:  ## build the widgets' front ends anew (needs Node.js; the results are in git)
	@cd helpers/display/widgets/frontend && npm ci --silent && npm test --silent && npm run --silent build

nav: $(VENV)/.course  ## write the links between the notebooks anew, and the list of hints
	@$(PY) tools/navigation.py
	@$(PY) tools/hints.py

strip: $(VENV)/.course  ## take the outputs out of the notebooks, as git keeps them
	@$(PY) tools/strip.py

down:  ## stop the cluster
	@if [ -x $(PY) ]; then $(RUN) helpers down; else echo "No cluster was running: nothing is installed yet."; fi

clean:  ## stop the cluster, remove .venv and build
	@[ ! -x $(PY) ] || $(RUN) helpers down || true
	rm -rf $(VENV) build
