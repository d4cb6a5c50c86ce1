# Forwards to meson and to the scripts in tools/; holds no build of its own. 'make help' lists it all.
# SPDX-License-Identifier: Apache-2.0

PYTHON = /usr/bin/python3
EXACT_RUNS = 2700
TAMPER_RUNS = 10000
SCREENS = $(abspath ../writ-screens)
KILLS = 1000
FUZZ_SECONDS = 300
LAW_ORDERS = 100000
DESTDIR =
export WRIT_BUILD = $(CURDIR)/build
export WRIT_BUILD_HOOKS = $(CURDIR)/build-hooks
export WRIT_BUILD_ASAN = $(CURDIR)/build-asan
export PYTHONDONTWRITEBYTECODE = 1

.PHONY: build hooks asan demo test web screens exact tamper mutate gate cage law torture fuzz bench bench-web check install deb clean help

# The long programmes tell their figures (doc/figures.md).
exact tamper mutate cage law torture fuzz bench: export FIGURES = 1
cage: export FIGURES_OF = cage
cage: export WRIT_FULL = 1

build: ## build/writ, writ-seal, writ-hand, writ-send, writ-draw, writ-look, writ-touch, writ-desk, writ-verify (the default)
	@tools/install-deps build
	@tools/configure build
	@ninja -C build
	@tools/check-layers

hooks: ## build-hooks: the same with crash points and a test clock
	@tools/install-deps build
	@tools/configure build-hooks -Dtest_hooks=true -Dtests=disabled
	@ninja -C build-hooks

asan: ## build-asan: under AddressSanitizer and UBSan, and its unit tests
	@tools/install-deps build
	@tools/configure build-asan -Dtest_hooks=true -Db_sanitize=address,undefined -Doptimization=1
	@meson test -C build-asan

demo: ## the main job end to end in a throw-away home, and its desk (DEMO="--mail DIR": on your own mail; "--no-desk")
	@tools/install-deps demo
	@$(MAKE) --no-print-directory build
	@build/writ demo $(DEMO)

test: ## all tests, short; last line: N passed, N failed
	@tools/run-tests

web: build hooks ## whole orders and every page in a real browser; HTTP with many, slow and big clients
	@tools/install-deps web
	@JOBS=1 $(PYTHON) test/harness/alltests.py $(notdir $(wildcard test/web/test_*.py))

screens: build hooks ## pictures of every page, at each width, light, dark, in forced colours, printed, into SCREENS: look at them
	@tools/install-deps web
	@mkdir -p '$(SCREENS)'
	@$(PYTHON) test/web/screens.py '$(SCREENS)/parts'
	@SCREENS='$(SCREENS)' $(PYTHON) -m pytest -q -p no:cacheprovider test/web/test_live_look.py -k test_every_page
	@echo 'pictures of all pages are in $(SCREENS), of their parts in $(SCREENS)/parts; sheet-*.png show many at once'

exact: build ## selection against oracles, EXACT_RUNS runs
	@tools/install-deps test
	@$(PYTHON) test/harness/exact.py --runs $(EXACT_RUNS)

tamper: build ## TAMPER_RUNS random changes of a delivered file; every column and byte of a log
	@tools/install-deps test
	@WRIT_FULL=1 meson test -C build --no-rebuild --quiet log_verify
	@$(PYTHON) test/harness/tamper.py $(TAMPER_RUNS)

mutate: build hooks ## each row of the seal's check.def left out, the rule packs changed one way at a time: a test must notice
	@tools/install-deps test
	@$(PYTHON) test/harness/mutate.py
	@$(PYTHON) test/harness/lawmutate.py

law: build ## the acceptance orders of the law set, then properties on LAW_ORDERS made up ones
	@tools/install-deps test
	@$(PYTHON) test/harness/law.py
	@$(PYTHON) test/harness/lawprops.py --orders $(LAW_ORDERS)

cage: build ## forbidden acts in the release executables, hostile papers, accounts that climb, hostile mailboxes
	@tools/install-deps test
	@$(PYTHON) test/harness/alltests.py test_cage.py test_look.py test_reading.py test_climb.py test_hostile.py test_changing.py

torture: build ## KILLS kills at random moments, each write failing, images of a loss of power (up to 40 minutes)
	@tools/install-deps test
	@$(PYTHON) test/torture/run.py --kills $(KILLS)

fuzz: ## every fuzz target for FUZZ_SECONDS (5 minutes), two side by side
	@tools/install-deps fuzz
	@tools/fuzz $(FUZZ_SECONDS)

bench: build ## ratios of the data path
	@tools/install-deps test
	@$(PYTHON) test/bench/bench.py

bench-web: build ## ratios of the desk: pages beside nginx and Express, uploads, downloads, a long queue
	@tools/install-deps bench
	@FIGURES=1 $(PYTHON) test/bench/webbench.py

gate: hooks ## random walks of requests to the seal, ten times as many
	@tools/install-deps test
	@FIGURES=1 FIGURES_OF=gate WRIT_FULL=1 $(PYTHON) test/harness/alltests.py test_gate_random.py

check: ## layers, words, law
	@tools/check-layers
	@tools/check-words
	@tools/check-law

install: build ## into DESTDIR; 'systemd-sysusers' and 'systemd-tmpfiles --create' come after it
	@DESTDIR='$(DESTDIR)' meson install -C build --no-rebuild --quiet

deb: build ## a Debian package of the build: build/writ_VERSION_ARCH.deb
	@tools/deb build build

clean: ## removes the build folders
	@rm -rf build build-hooks build-asan build-fuzz

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' Makefile | while IFS=: read -r a b; do printf '%-9s%s\n' "$$a" "$$b"; done
