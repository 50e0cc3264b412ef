# make demo   installs evenpair and runs the whole job on pictures that it draws
# make test   installs what development needs, lints, checks types, runs the tests

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SITE := build/wheel
PYTEST := $(BIN)/pytest --numprocesses logical --dist loadfile

.PHONY: demo test lint types tests wheel-tests prism clients format clean

demo: $(VENV)/demo.installed
	$(BIN)/evenpair demo --out demo

test: lint types tests wheel-tests

lint: $(VENV)/test.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/test.installed
	rm -rf build
	$(BIN)/pip install --quiet --no-deps --target build/types .
	MYPYPATH=build/types $(BIN)/mypy -p evenpair

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

# The loader that training uses, with the webdataset that it pins, beside the venv's newer one.
CLIENTS := open_clip_torch==3.3.0 webdataset==0.2.86

clients: $(VENV)/test.installed
	@if [ "$$(cat .cache/clients/versions 2>/dev/null)" = "$(CLIENTS)" ]; then :; \
	elif rm -rf .cache/clients && \
	  $(BIN)/pip install --quiet --no-deps --target .cache/clients $(CLIENTS); then \
	  echo "$(CLIENTS)" > .cache/clients/versions; \
	else rm -rf .cache/clients; \
	  echo "open_clip cannot be installed: tests that need it are skipped" >&2; fi

# The same tests, against the wheel that users install instead of this checkout.
wheel-tests: $(VENV)/test.installed prism clients
	rm -rf build
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir build/dist .
	$(BIN)/pip install --quiet --no-deps --target $(SITE) build/dist/*.whl
	PYTHONPATH=$(CURDIR)/$(SITE) EVENPAIR_SITE=$(CURDIR)/$(SITE) $(PYTEST)

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
