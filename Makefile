# Two commands do everything, set-up included: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/volley
SMOLLM2 := $(CACHE)/SmolLM2-135M-Instruct.gguf
SMOLLM2_MTD := $(CACHE)/SmolLM2-135M-Instruct-mtd
SMOLLM2_HEAD := $(CACHE)/head-smollm2
BUDGET ?= 20m
export VOLLEY_COMMIT := $(shell git describe --always --dirty --exclude '*' 2>/dev/null || true)
PREFIX ?= /usr/local
VOLLEY := .build/release/volley
RECIPE := weights/recipe

.PHONY: help
help: ## this list
	@grep -hE '^[a-z0-9_-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

.PHONY: setup
setup: ## install what is missing (OpenBLAS, LZ4, xxHash, libedit)
	@bench/setup.sh

.PHONY: build
build: setup ## build the command line, optimised
	swift build -c release --product volley

.PHONY: smollm2
smollm2: build ## fetch SmolLM2-135M-Instruct, a small model of English, and join its head for cycles to it
	@bench/smollm2/fetch.sh "$(SMOLLM2)"
	@$(VOLLEY) pack "$(SMOLLM2)" "$(SMOLLM2_MTD)" --head weights/smollm2-mtd
	@echo "$(SMOLLM2_MTD)"

.PHONY: demo
demo: build ## ask a question by vanilla and by cycles, and see what each costs (QUESTION="…" for your own)
	@bench/demo.sh $(VOLLEY) "$(SMOLLM2)"

.PHONY: test
test: setup ## run all tests, optimised
	@bench/smollm2/fetch.sh "$(SMOLLM2)" || echo "SmolLM2 is not at hand: its tests are skipped" >&2
	swift build -c release --build-tests
	VOLLEY_SMOLLM2="$(SMOLLM2)" swift test -c release --skip-build --skip Fuzz
	@# In a process of their own: they measure its memory.
	swift test -c release --skip-build --filter Fuzz
	Tests/consumer.sh

.PHONY: consumer
consumer: setup ## build and run a package that depends on this one
	Tests/consumer.sh

.PHONY: docs
docs: setup ## build the library's documentation, no warning allowed
	docs/build.sh .build/docs

.PHONY: reference
reference: build ## write docs/commands.md from the commands' help
	python3 docs/tools/commands.py --volley $(VOLLEY)

.PHONY: tables
tables: ## write the documents' tables and pictures from the records
	python3 docs/tools/measurements.py
	python3 docs/tools/pictures.py

.PHONY: install
install: build ## install the command, man pages and shell completions (PREFIX=/usr/local, DESTDIR=)
	@docs/tools/install.sh $(VOLLEY) "$(DESTDIR)$(PREFIX)"

.PHONY: site
site: setup ## write a static site from the documents and the library's documentation, and check its links
	HOSTING_BASE_PATH=library docs/build.sh .build/library
	@docs/tools/setup.sh
	docs/tools/.venv/bin/python docs/tools/website.py .build/site --library .build/library

.PHONY: clients
clients: setup ## set up what the server is tested with: openai, schemathesis, a driver for Chromium, linters
	@Tests/ServingTests/clients/setup.sh

.PHONY: serve-test
serve-test: clients ## test the server with real clients, and its page in Chromium where there is one
	swift build -c release --product volley
	cd Tests/ServingTests/clients && .venv/bin/python -m pytest -q -rs

.PHONY: recipe
recipe: ## set up the training recipe's Python environment
	@$(RECIPE)/setup.sh

.PHONY: recipe-test
recipe-test: recipe ## test the training recipe
	cd $(RECIPE) && .venv/bin/python -m pytest -q tests

.PHONY: model
model: build recipe ## train the embedded model again, from a fixed seed, or go on where that stopped (hours)
	cd $(RECIPE) && .venv/bin/python -m recipe embedded --runs "$(CACHE)/embedded-runs" --weights .. --volley ../../$(VOLLEY)

.PHONY: model-depth
model-depth: build recipe ## teach the embedded model to skip layers again, from a fixed seed, or go on where that stopped
	cd $(RECIPE) && .venv/bin/python -m recipe embedded-depth --runs "$(CACHE)/embedded-runs" --weights .. --volley ../../$(VOLLEY)

.PHONY: smollm2-mtd
smollm2-mtd: build recipe ## teach SmolLM2 to run cycles by a head of its own, or go on, for BUDGET (20m, 8h, 3d)
	@bench/smollm2/fetch.sh "$(SMOLLM2)"
	cd $(RECIPE) && nice -n 19 .venv/bin/python -m recipe head --model "$(SMOLLM2)" --runs "$(SMOLLM2_HEAD)" \
	    --volley ../../$(VOLLEY) --budget $(BUDGET)

.PHONY: fuzz
fuzz: setup ## 100,000 mutations of each kind of file
	VOLLEY_FUZZ_ROUNDS=100000 swift test -c release --filter Fuzz

.PHONY: sanitize
sanitize: setup ## the tests under AddressSanitizer, then ThreadSanitizer, and a server under load
	@# Swift's exit unwinds nothing, so what main still holds would be taken for a leak.
	for suites in "--skip Fuzz" "--filter Fuzz"; do \
	    ASAN_OPTIONS=detect_leaks=0 swift test -c release --sanitize=address --scratch-path .build/asan $$suites || exit 1; \
	done
	@# One process for each target: ThreadSanitizer's own call stack overflows in runs of some thousand asynchronous cases, and in
	@# templates as deep as JinjaTests makes them, which run on one thread.
	swift build -c release --sanitize=thread --scratch-path .build/tsan --build-tests
	for target in $$(ls Tests | grep 'Tests$$' | grep -v JinjaTests); do \
	    $(TSAN) swift test -c release --sanitize=thread --scratch-path .build/tsan --skip-build --filter "^$$target" || exit 1; \
	done
	$(TSAN) bench/load.py --volley .build/tsan/release/volley --requests 1000 --distinct 30 --clients 32 --answers-only

TSAN = TSAN_OPTIONS="suppressions=$(CURDIR)/Tests/races.txt exitcode=66"

.PHONY: format
format: ## format the Swift sources
	swift format --in-place --recursive Package.swift Sources Tests docs/examples

.PHONY: lint
lint: ## check the format, spelling, links, and that generated documents are current
	swift format lint --strict --recursive Package.swift Sources Tests docs/examples
	@docs/tools/setup.sh
	python3 docs/tools/check.py spelling
	python3 docs/tools/check.py links
	python3 docs/tools/measurements.py --check
	python3 docs/tools/pictures.py --check
	python3 docs/tools/commands.py --check
	python3 -m unittest discover --start-directory docs/tools --quiet
