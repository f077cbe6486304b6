# Each target works on a fresh checkout: it makes the environment it needs first.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do $$p -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && echo $$p && break; done || echo python3)
BIN := .venv/bin
# What is used is compiled when it is used first.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
# The locks name everything that is needed: nothing is left to be resolved.
LOCKED := $(PIP) --require-hashes --no-deps
ARGS ?=
# A service is a process, and each would compile all of our code anew.
unexport PYTHONDONTWRITEBYTECODE
ROUNDS ?= 10

.PHONY: demo serve test check check-python check-style check-imports check-scripts bench soak faults lock clean

demo: .venv/ready
	@exec $(BIN)/webinar demo $(ARGS)

serve: .venv/ready
	@exec $(BIN)/webinar serve $(ARGS)

# All: what may share the machine in two processes (long files first), then what waits for media and browsers, two
# groups beside each other, then what is measured; all three are always run. With ARGS: just that.
test: check
ifeq ($(strip $(ARGS)),)
	@failed=""; \
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --part sharing || failed="$$failed 1"; \
	$(BIN)/python -m pytest -n 2 --dist loadgroup --part beside || failed="$$failed 2"; \
	$(BIN)/python -m pytest --part alone || failed="$$failed 3"; \
	test -z "$$failed" || { echo "FAILED: run$$failed of the three above" >&2; exit 1; }
else
	@$(BIN)/python -m pytest $(ARGS)
endif

# Two at a time, mypy first: it takes as long as all others. All are run, whichever fails.
check: .venv/ready-test
	@$(MAKE) --no-print-directory -j 2 -k check-python check-style check-imports check-scripts

check-python:
	@$(BIN)/mypy

check-style:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

check-imports:
	@$(BIN)/lint-imports --no-logo

check-scripts:
	@$(BIN)/node .venv/share/typescript/lib/tsc.js -p webinar/static/jsconfig.json

# Slow load, soak and fault runs; `make test` runs a short form of each.
bench: .venv/ready-test
	@$(BIN)/python -m tests.bench $(ARGS)

soak: .venv/ready-test
	@$(BIN)/python -m tests.bench soak $(ARGS)

faults: .venv/ready-test
	@for round in $$(seq $(ROUNDS)); do echo "# round $$round of $(ROUNDS)"; $(BIN)/python -m pytest -q --long tests/faults tests/integration/test_whip_screen.py tests/browser/test_player_recovers.py $(ARGS) || exit 1; done

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another with PYTHON=...") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/ready: .venv/made requirements.lock pyproject.toml scripts/vendor.json
	@echo "Making the environment (once; about a minute) ..."
	@$(LOCKED) -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --no-index -e .
	@$(BIN)/python scripts/vendor.py
	@touch $@

.venv/ready-test: .venv/ready requirements-test.lock scripts/system-packages.sh scripts/vendor.json
	@$(LOCKED) -r requirements-test.lock
	@$(BIN)/python scripts/vendor.py test
	@sh scripts/system-packages.sh
	@touch $@

# Versions and hashes only: no address of an index gets into the locks.
lock: .venv/made
	@$(PIP) uv
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra build -o requirements.lock pyproject.toml
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra build --extra test -c requirements.lock -o requirements-test.lock pyproject.toml

clean:
	rm -rf .venv build dist webinar/static/vendor webinar/credits/fonts
