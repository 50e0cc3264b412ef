# make demo    installs evenpair and runs the whole job on pictures that it draws
# make quick   lints, checks types, runs the fast tests
# make test    lints, checks types, runs all tests, and what can differ in the built wheel

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SITE := build/wheel
PACKAGES := $(patsubst %/__init__.py,%,$(wildcard */__init__.py))
PYTEST := $(BIN)/pytest --numprocesses logical --dist loadfile

.PHONY: demo quick test lint types fast-tests tests wheel-tests prism clients format clean

demo: $(VENV)/demo.installed
	$(BIN)/evenpair demo --out demo

quick: lint types fast-tests

test: lint types tests wheel-tests

lint: $(VENV)/test.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# mypy finds a package by the name of its folder: here are links to all that the package holds.
types: $(VENV)/test.installed
	rm -rf build/types
	mkdir -p build/types/evenpair
	ln -s $(addprefix $(CURDIR)/,__init__.py py.typed $(PACKAGES)) build/types/evenpair
	MYPYPATH=build/types $(BIN)/mypy -p evenpair

fast-tests: $(VENV)/test.installed
	$(PYTEST) -m 'not slow'

tests: $(VENV)/test.installed prism clients
	$(PYTEST)

# A Beam engine of its own to test against, where there is Go to build it.
prism: $(VENV)/test.installed
	@version=$$($(BIN)/python -c 'from importlib.metadata import version; print(version("apache-beam"))'); \
	if [ -x .cache/prism/$$version/prism ]; then :; \
	elif ! command -v go >/dev/null; then echo "no Go here: tests that need Prism are skipped" >&2; \
	else GOBIN=$(CURDIR)/.cache/prism/$$version \
	  go install github.com/apache/beam/sdks/v2/go/cmd/prism@v$$version \
	  || echo "Prism cannot be built: tests that need it are skipped" >&2; fi

# open_clip, with the webdataset that it pins, beside the venv's newer one.
CLIENTS := open_clip_torch==3.3.0 webdataset==0.2.86 ftfy==6.3.1 wcwidth==0.2.14

clients: $(VENV)/test.installed
	@if [ "$$(cat .cache/clients/versions 2>/dev/null)" = "$(CLIENTS)" ]; then :; \
	elif rm -rf .cache/clients && \
	  $(BIN)/pip install --quiet --no-deps --target .cache/clients $(CLIENTS); then \
	  echo "$(CLIENTS)" > .cache/clients/versions; \
	else rm -rf .cache/clients; \
	  echo "open_clip cannot be installed: tests that need it are skipped" >&2; fi

# The wheel that users install, in a folder of its own: only what can differ from this checkout.
wheel-tests: $(VENV)/test.installed
	rm -rf build
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir build/dist .
	$(BIN)/pip install --quiet --no-deps --target $(SITE) build/dist/*.whl
	PYTHONPATH=$(CURDIR)/$(SITE) EVENPAIR_SITE=$(CURDIR)/$(SITE) $(BIN)/pytest tests/test_wheel.py

format: $(VENV)/test.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf build dist demo *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "evenpair needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[caption]'
	touch $@

$(VENV)/test.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[caption,download,measure,dev]'
	touch $@
