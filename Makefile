# Everything a newcomer or a build server needs. The environment makes itself: the first target that needs it builds
# .venv from uv.lock. Variables: PYTHON (which interpreter builds .venv), ONCE=1 (the demo stops by itself),
# CI=true (property tests use a fixed seed), ADR_RULESET (file or address of the rules for lint-api).

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
ONCE ?=
CI ?=
ADR_RULESET ?=

BIN := .venv/bin
READY := .venv/.ready

# Another environment's settings must not leak into ours.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME
# Whoever wants no compiled modules beside the sources gets them below build/. With none kept at all, each of the
# hundreds of processes that the tests start compiles every module it imports: half of its time.
ifneq ($(PYTHONDONTWRITEBYTECODE),)
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/build/pycache
endif
export CI
export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never

# $(call debian,package): installs it when that is possible, otherwise says in one line what to do.
define debian
if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
  echo "Installing the Debian package $(1)."; \
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends $(1); } >/dev/null; \
else \
  echo "Missing: $(1). Install it (Debian: sudo apt-get install $(1)) and run make again." >&2; exit 1; \
fi
endef

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(READY) ## Build or refresh the environment in .venv

.PHONY: demo
demo: $(READY) ## Run a small invented municipality and serve its pages (ONCE=1: stop when the story is told)
	@$(BIN)/python deploy/demo/run.py $(if $(filter 1 true yes,$(ONCE)),--once)

.PHONY: test
test: static browser systemd postgresql ## Check style and types, then run every test but the long ones
	@$(BIN)/pytest -q -n auto --dist loadfile -m "not long" --durations=5

# The page tests use Debian's Chromium, so that no test downloads a browser of its own; without its window they take half
# the time.
.PHONY: browser
browser:
	@command -v chromium-headless-shell chromium >/dev/null || { $(call debian,chromium-headless-shell); }

# The connector's unit is checked by systemd itself; nothing of it is started.
.PHONY: systemd
systemd:
	@command -v systemd-analyze >/dev/null || { $(call debian,systemd); }

# The tests start servers of their own with Debian's PostgreSQL, each in a folder that is gone afterwards.
.PHONY: postgresql
postgresql:
	@command -v initdb /usr/lib/postgresql/*/bin/initdb >/dev/null || { $(call debian,postgresql); }

.PHONY: lint
lint: static ## Check style, types, layers and the other rules of the house (seconds)
	@$(BIN)/pytest -q tests/architecture

.PHONY: static
static: $(READY)
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo "Some files are not formatted: run $(BIN)/ruff format." >&2; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@report="$$($(BIN)/lint-imports --no-logo 2>&1)" || { echo "$$report" >&2; exit 1; }

.PHONY: openapi
openapi: $(READY) ## Write docs/openapi.json anew, after a change to the JSON interface
	@$(BIN)/python tests/index/api/renew.py

# The rules are of Logius (CC BY 4.0, Logius-standaarden/API-Design-Rules, media/linter.yaml) and not ours to pass on. What
# they ask stands in tests/support/design_rules.py too, in our own words, for machines without Node.js.
SPECTRAL := build/spectral/node_modules/.bin/spectral

.PHONY: lint-api
lint-api: ## Lint docs/openapi.json by the published NL API Design Rules (needs Node.js and ADR_RULESET=file or address)
	@command -v npm >/dev/null || { echo "make lint-api needs Node.js with npm; make test holds the same rules without it." >&2; exit 1; }
	@case "$(ADR_RULESET)" in \
	  "") echo "Say where the rules are: make lint-api ADR_RULESET=linter.yaml, a file or an https address." >&2; exit 1;; \
	  https://*) ;; \
	  *) test -r "$(ADR_RULESET)" || { echo "There is no file $(ADR_RULESET) to read the rules from." >&2; exit 1; };; \
	esac
	@$(MAKE) --silent $(SPECTRAL)
	@$(SPECTRAL) lint --fail-severity=hint --ruleset "$(ADR_RULESET)" docs/openapi.json

$(SPECTRAL): .ci/spectral/package.json .ci/spectral/package-lock.json
	@mkdir -p build/spectral
	@cp $^ build/spectral
	@npm ci --silent --no-fund --no-audit --ignore-scripts --prefix build/spectral
	@touch $@

# The long tests end a process at every system call with which it writes.
.PHONY: strace
strace:
	@command -v strace >/dev/null || { $(call debian,strace); }

.PHONY: long
long: $(READY) strace postgresql ## Run the tests that take minutes
	@$(BIN)/pytest -q -m long

# Presses on look-ups over HTTP: a load generator by others, so that it cannot flatter us.
.PHONY: wrk
wrk:
	@command -v wrk >/dev/null || { $(call debian,wrk); }

.PHONY: bench
bench: $(READY) wrk postgresql ## Measure against the floors; writes build/bench.json
	@mkdir -p build
	@$(BIN)/python tests/bench/run.py

.PHONY: serve
serve: $(READY) ## Serve the index (settings: signal-index.toml, or the file SIGNAL_INDEX_CONFIG names)
	@$(BIN)/signal-index serve --surface all

.PHONY: clean
clean: ## Remove build output and caches; .venv stays
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

$(READY): pyproject.toml uv.lock | .venv/bin/uv
	@$(BIN)/python -c 'import ctypes; ctypes.CDLL("libsodium.so.23")' 2>/dev/null || { $(call debian,libsodium23); }
	@echo "Installing the locked packages into .venv."
	@$(BIN)/uv sync --frozen --quiet
	@touch $@

.venv/bin/uv: .ci/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "signal-index needs Python 3.11 or newer; name one with make PYTHON=/path/to/python3." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(call debian,python3-venv); }
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/bootstrap.txt
	@touch $@
