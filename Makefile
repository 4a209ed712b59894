# Two commands are enough: `make demo` and `make test`. `make` alone lists all of them.
# PYTHON=python3.12 chooses the Python that .venv is made from.

BIN := .venv/bin
SETUP := tools/setup.sh

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-octaves lint types bench fuzz readme wheel octave-package clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.plot-ready ## Train, prune, quantize, distil and report a network into demo-output/
	@$(BIN)/octave-compress demo --out demo-output $$($(SETUP) backend)

test: lint types ## Lint, type-check, Octave self-tests and pytest
	@$(SETUP) need-octave
	$(BIN)/python -m pytest -n 2

test-octaves: ## Run "make test" beside the Octaves of Debian 13 and sid (as root, on a Debian)
	@$(or $(PYTHON),python3) tools/octaves.py

lint: .venv/.test-ready ## Check the style of the Python and the .m files
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mh_style --brief m_files examples
	$(BIN)/mh_lint --brief m_files examples

types: .venv/.test-ready ## Check the types
	$(BIN)/mypy

bench: .venv/.test-ready ## Measure: every script in tests/benchmarks
	@$(SETUP) need-octave
	@for script in tests/benchmarks/*.py; do echo "==> $$script"; $(BIN)/python $$script || exit 1; done

fuzz: .venv/.test-ready ## Read 200,000 damaged packed models with each decoder (about 40 minutes)
	@$(SETUP) need-octave
	PYTHONPATH=tests $(BIN)/python tests/mutations.py

readme: .venv/.test-ready ## Write the tables of operations and of Octave-only functions
	$(BIN)/python tools/readme.py
	$(BIN)/python tools/matlab_table.py

wheel: .venv/.plot-ready ## Build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

octave-package: .venv/.plot-ready ## Build the package for Octave's "pkg install" into dist/
	$(BIN)/python tools/octave_package.py

clean: ## Remove .venv and everything that was built
	rm -rf .venv build dist demo-output .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The set-up runs again only when what it depends on changes.
.venv/.%-ready: pyproject.toml tools/setup.sh
	@$(SETUP) install $*
