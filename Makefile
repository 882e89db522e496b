# Every target sets up what it needs: a virtual environment in the checkout, from the hashed lock files.
PYTHON ?= python3
BIN := .venv/bin

STUDIES := phase-diagram capacity glass breaking learning examples detection multitasking hierarchy teacher-student \
	exponential images constants

.PHONY: $(STUDIES) agreement figures test lint types contracts pytest format lock bench docs clean

phase-diagram: .venv/runtime  ## storage phase diagrams, theory and Monte Carlo: PNG, PDF and a table (under 5 minutes)
	$(BIN)/python theory/storage.py
	$(BIN)/python simulations/storage.py
	$(BIN)/python figures/storage.py

learning: .venv/runtime  ## diagrams of one study: data/<study>_*.nc, figures/<study>.png and .pdf
	$(BIN)/python theory/$@.py
	$(BIN)/python figures/$@.py

images: .venv/runtime  ## classes of digits learned from examples; IDX="--idx FOLDER" for Fashion-MNIST and others
	$(BIN)/python simulations/images.py $(IDX)
	$(BIN)/python figures/images.py

figures: $(STUDIES) agreement  ## all

agreement: .venv/runtime  ## what `compare` found in the studies that were run, a table for each
	$(BIN)/python figures/agreement.py

constants: .venv/runtime  ## theory/constants.csv, figures/constants.png and .pdf (under a minute)
	$(BIN)/python theory/constants.py
	$(BIN)/python figures/constants.py

detection examples glass multitasking hierarchy capacity teacher-student breaking exponential: .venv/runtime  ## the same, with Monte Carlo
	$(BIN)/python theory/$(subst -,_,$@).py
	$(BIN)/python simulations/$(subst -,_,$@).py
	$(BIN)/python figures/$(subst -,_,$@).py

test: lint types contracts pytest  ## everything continuous integration checks

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy

contracts: .venv/dev
	$(BIN)/lint-imports

pytest: .venv/dev
	$(BIN)/python -m pytest -n 2 --dist worksteal

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/runtime
	$(BIN)/python benchmarks/kernels.py
	$(BIN)/python benchmarks/solver.py
	$(BIN)/python benchmarks/breaking.py
	$(BIN)/python benchmarks/plefka.py
	$(BIN)/python benchmarks/campaign.py

.venv/runtime: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/dev: requirements-dev.lock .venv/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

lock:  ## renew the lock files (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --quiet --extra images pyproject.toml build-requirements.in -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --quiet --extra docs -c requirements.lock pyproject.toml build-requirements.in -o requirements-docs.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --quiet --extra dev -c requirements.lock pyproject.toml build-requirements.in -o requirements-dev.lock

docs: .venv/docs  ## the manual: docs/build/html, warnings as errors, examples executed
	$(BIN)/python -m doctest -o ELLIPSIS -o NORMALIZE_WHITESPACE docs/*.md
	$(BIN)/python -m sphinx -W --keep-going -q -b html -c docs . docs/build/html

.venv/docs: requirements-docs.lock .venv/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.lock
	touch $@

clean:
	rm -rf .venv build dist docs/build docs/api docs/gallery sg_execution_times.rst
