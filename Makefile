# make lab     JupyterLab on the quickstart
# make test    every test that can run here; says what it left out
# make parity  the same numbers as torch's own layers and as RecBole, in environments of their own
# make bench   figures of speed (takes minutes)
# make lint    ruff and mypy
# make clean   remove environments and everything built
#
# Needs Python 3.11 or newer with pip, and nothing else: make PYTHON=python3.12 ...

PYTHON ?= python3
PYTEST_FLAGS ?=
NOTEBOOK ?= notebooks/01_quickstart.ipynb

ENV := .venv
PARITY := .venv-parity
RECBOLE := .venv-recbole
# Byte code is left to the first import: most of what is installed is never imported.
INSTALL := -m pip install --quiet --no-input --disable-pip-version-check --no-compile
FRONT_END := $(wildcard widgets/*.json widgets/esbuild.mjs) $(shell find widgets/src -type f)
SOURCES := pyproject.toml hatch_build.py $(FRONT_END)

.DELETE_ON_ERROR:
.PHONY: lab test parity bench lint clean

# What is installed for tests also opens a notebook.
lab: $(or $(wildcard $(ENV)/installed-all),$(ENV)/installed-lab)
	@if [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ] && [ "$$(uname)" != Darwin ]; then \
		echo "No screen here: open the address below in a browser."; flags=--no-browser; \
	fi; \
	if [ "$$(id -u)" = 0 ]; then flags="$$flags --allow-root"; fi; \
	exec $(ENV)/bin/python -m jupyterlab $$flags --LabApp.default_url=/lab/tree/$(NOTEBOOK)

# What takes longest comes first, so that neither process waits for the other at the end.
test: $(ENV)/installed-all
	$(ENV)/bin/python -m pytest $(PYTEST_FLAGS) --numprocesses 2 --dist loadfile --no-loadscope-reorder \
		--nbval --nbval-current-env notebooks tests/test_readme.py tests

parity: $(PARITY)/installed $(RECBOLE)/installed
	ATTNREC_RECBOLE="$(CURDIR)/$(RECBOLE)/bin/python" \
		$(PARITY)/bin/python -m pytest $(PYTEST_FLAGS) --numprocesses 2 --dist loadfile tests/parity

bench: $(ENV)/installed-all
	$(ENV)/bin/python -m benchmarks

lint: $(ENV)/installed-all
	$(ENV)/bin/ruff check
	$(ENV)/bin/ruff format --check
	$(ENV)/bin/mypy

clean:
	rm -rf $(ENV) $(PARITY) $(RECBOLE) build dist widgets/node_modules widgets/attnrec_widgets/static
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find attnrec widgets tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(ENV)/bin/python $(PARITY)/bin/python $(RECBOLE)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("attnrec needs Python 3.11 or newer; name one: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(@D:/bin=)

$(ENV)/installed-lab: $(SOURCES) | $(ENV)/bin/python
	$(ENV)/bin/python $(INSTALL) --editable '.[lab]'
	@touch $@

$(ENV)/installed-all: $(SOURCES) | $(ENV)/bin/python
	$(ENV)/bin/python $(INSTALL) --editable '.[lab,test,dev]'
	@touch $@

# Each installation bundles the front end where it finds none, in one and the same folder: where
# both are asked for, this one waits for the other, also under make --jobs.
$(PARITY)/installed: $(SOURCES) | $(PARITY)/bin/python $(if $(filter lint test,$(MAKECMDGOALS)),$(ENV)/installed-all)
	$(PARITY)/bin/python $(INSTALL) --editable '.[parity]' 'pytest-xdist>=3.6'
	@touch $@

# RecBole reads its data with pandas 2. It asks for a tuner, too, that no Python after 3.11 has;
# so it is installed by itself, beside what its models import.
$(RECBOLE)/installed: Makefile | $(RECBOLE)/bin/python
	$(RECBOLE)/bin/python $(INSTALL) torch==2.13.0 'numpy<3' 'pandas<3' 'scipy<2' scikit-learn \
		pyyaml tqdm colorlog==4.7.2 colorama==0.4.4 texttable tensorboard
	$(RECBOLE)/bin/python $(INSTALL) --no-deps recbole==1.2.1
	@touch $@
