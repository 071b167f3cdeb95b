# What there is to do here. Everything goes through cargo; this file only remembers the words.
#
#   make            what `make test` does
#   make build      the program and its plugins
#   make plugins    the plugins, to target/plugins
#   make test       all tests
#   make check      what must hold before a change lands: format, lints, documents, tests
#   make rehearse   every runbook in its world
#   make bench      the measurements

CARGO ?= cargo
RUTTER := target/debug/rutter

.PHONY: default build plugins test check rehearse bench wasm-target

default: test

build: plugins

$(RUTTER): FORCE
	$(CARGO) build --package rutter

wasm-target:
	scripts/wasm-target

# One run of cargo for all plugins: they share every dependency.
plugins: $(RUTTER) wasm-target
	$(RUTTER) plugin build .

test: plugins
	RUTTER_PLUGIN_PATH=$(CURDIR)/target/plugins $(CARGO) test --workspace

check:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps
	$(MAKE) test

rehearse: plugins
	set -e; for world in runbooks/*.world.toml; do \
		runbook=$${world%.world.toml}; \
		$(RUTTER) rehearse "$$runbook.toml" --inputs "$$runbook.inputs.toml"; \
	done

bench: plugins
	$(CARGO) bench --workspace

.PHONY: FORCE
FORCE:
