# What there is to do here; cargo does it.
#
#   make rehearse   build the program and every plugin, and rehearse a real runbook
#   make test       format, lints, documents, all tests, every runbook checked: what a change must pass
#   make check      the quick loop: does it compile, is it formatted
#   make install    the program alone, with plugins and runbooks in it, where cargo installs programs; PREFIX
#   make deb        a package for Debian in target/rutter.deb, tried in an empty folder
#   make man        the manual pages, in target/man; copy them to a folder `man1` of your MANPATH
#   make plugins    the program, and the plugins in target/plugins
#   make bench      the measurements, as ratios of one run
#   make fuzz-smoke  what reads foreign bytes, given 2,000 wrong ones each; FUZZ_SEED, FUZZ_COUNT
#   make fuzz       the same, two minutes each, with inputs chosen by what they reach; FUZZ_SECONDS, FUZZ_TARGETS
#   make deny       licences, sources and doubled crates by cargo-deny, which is installed into target/tools once
#   make docs       the book, in target/book, by mdBook, which is installed into target/tools once
#   make soak       run, resume and undo killed a thousand times at random, and what `make load` does; SOAK_SEED, SOAK_KILLS
#   make load       10,000 steps waiting and 1,000 changing at once, and a journal of a million records, with figures
#   make soak-matrix  every fault at every change of every runbook and of its way back; WAY_BACK_ONLY

CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
RUTTER := $(TARGET)/debug/rutter
RUNBOOK := runbooks/redis_cross_account
# Runbooks are neither worlds nor inputs, nor the table of requirements.
RUNBOOKS := $(filter-out %.world.toml %.inputs.toml %/REQUIREMENTS.toml,$(wildcard runbooks/*.toml))

.PHONY: rehearse test check install one-file deb man plugins bench deny docs fuzz fuzz-smoke load soak soak-matrix program tests modules wasm-target

rehearse: plugins
	$(RUTTER) rehearse $(RUNBOOK).toml --inputs $(RUNBOOK).inputs.toml

test: wasm-target
	$(CARGO) fmt --all --check
	$(MAKE) -j2 tests modules
	$(RUTTER) plugin build .
	CARGO_TARGET_DIR=$(abspath $(TARGET)) $(RUTTER) plugin build tests/hostile/guest --output $(TARGET)/hostile
	set -e; for runbook in $(RUNBOOKS); do $(RUTTER) check "$$runbook"; done
	$(CARGO) test --workspace
	$(MAKE) fuzz-smoke
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps
	$(MAKE) one-file

# The build script compiles the plugins itself, in a target folder of its own.
install: wasm-target
	$(CARGO) install --locked --path runner $(if $(PREFIX),--root $(PREFIX))

# A package for Debian, put into an empty folder, tried there and removed again; nothing of this machine is touched.
deb: wasm-target $(TARGET)/tools/bin/cargo-deb man
	PATH="$(abspath $(TARGET))/tools/bin:$$PATH" $(CARGO) deb --locked --package rutter --output $(TARGET)/rutter.deb
	scripts/try-package $(TARGET)/rutter.deb

# The pages come from the program's own help; the package takes them from here (runner/Cargo.toml).
man: program
	rm -rf target/man
	$(RUTTER) man target/man
	gzip -9 -n target/man/*.1

$(TARGET)/tools/bin/cargo-deb:
	$(CARGO) install cargo-deb --version 3.8.0 --locked --root $(TARGET)/tools

# A program with its plugins in it, as it is installed; not optimised, and with the plugins that are built already.
one-file:
	[ -d $(TARGET)/plugins ] || $(MAKE) plugins
	RUTTER_STANDARD_PLUGINS=$(abspath $(TARGET))/plugins \
		$(CARGO) build --workspace --features rutter/standard --bin rutter
	scripts/one-file $(RUTTER)

check:
	$(CARGO) fmt --all --check
	$(CARGO) check --workspace

# The plugins' modules are compiled while the program is: one of the two has often less to do than there are cores.
plugins: wasm-target
	$(MAKE) -j2 program modules
	$(RUTTER) plugin build .

program:
	$(CARGO) build --package rutter

tests:
	$(CARGO) test --workspace --no-run

modules: wasm-target
	scripts/plugin-modules

wasm-target:
	scripts/wasm-target

bench: plugins
	$(CARGO) run --package rutter --example bench_host
	$(CARGO) test --package rutter --lib measures_what_the_head_costs -- --ignored --nocapture
	$(CARGO) test --package rutter-simcloud --test stories a_thousand_two_thousand -- --ignored --nocapture
	$(CARGO) test --package rutter-tests --test bench -- --ignored --nocapture --test-threads 1

# A workspace of its own, in the same target folder and with the same profile.
fuzz-smoke:
	CARGO_TARGET_DIR=$(abspath $(TARGET)) $(CARGO) test --locked --manifest-path tests/fuzz/Cargo.toml

# Our crates are compiled once more, so that they count what an input reaches; the C++ of libFuzzer needs `c++`.
FUZZ_SECONDS ?= 120
FUZZ_TARGETS ?= $(notdir $(wildcard tests/fuzz/corpus/*))
fuzz:
	RUSTC_WRAPPER=$(abspath tests/fuzz/guided) CARGO_TARGET_DIR=$(abspath $(TARGET)) $(CARGO) --config tests/fuzz/guided.toml \
		build --locked --manifest-path tests/fuzz/Cargo.toml --features guided --bin guided
	printf '%s\n' $(FUZZ_TARGETS) | xargs -P 2 -I NAME tests/fuzz/run $(TARGET)/debug/guided $(TARGET)/fuzz $(FUZZ_SECONDS) NAME

# `make test` holds deny.toml without the tool. Advisories need a database from the network: left out.
deny: $(TARGET)/tools/bin/cargo-deny
	$< --offline --locked check licenses bans sources

$(TARGET)/tools/bin/cargo-deny:
	$(CARGO) install cargo-deny --version 0.20.2 --locked --root $(TARGET)/tools

# That the book is true is a test of its own (tests/tests/book.rs), which needs no mdBook.
docs: $(TARGET)/tools/bin/mdbook
	$< build docs --dest-dir $(abspath $(TARGET))/book

$(TARGET)/tools/bin/mdbook:
	$(CARGO) install mdbook --version 0.5.4 --locked --no-default-features --features search --root $(TARGET)/tools

soak: plugins load
	$(CARGO) test --package rutter-tests --test soak -- --ignored --nocapture

load: plugins
	$(CARGO) test --package rutter-tests --test load -- --ignored --nocapture
	$(CARGO) test --package rutter-tests --test large_journal -- --ignored --nocapture

soak-matrix: plugins
	$(CARGO) test --package rutter-tests --test way_back -- --ignored --nocapture
