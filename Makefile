# Two commands do everything, set-up included: `make demo` and `make test`.
PREFIX ?= /usr/local
HERE ?= Europe/Zurich
STAGE := $(CURDIR)/target/stage
BUILD := $(CURDIR)/target/cmake
export PATH := $(HOME)/.cargo/bin:$(PATH)

.PHONY: help demo test bench bench-docs bench-check bench-baseline chaos chaos-proof install deb docs setup header \
  fmt lint fuzz

help:
	@echo 'make demo              build, install into target/stage, run the examples against a private server'
	@echo '     HERE=Asia/Tokyo   ... and look around another time zone'
	@echo 'make test              everything the project tests'
	@echo 'make bench             this library and its peers, measured side by side; see docs/performance.md'
	@echo '     ONLY=T6           ... one workload, or several: T6,T8'
	@echo 'make bench-docs        put the last whole run into docs/performance.md'
	@echo 'make bench-check       instructions and allocations against benches/baseline.json (part of make test)'
	@echo 'make bench-baseline    write that file anew, after a change that is meant'
	@echo 'make chaos             calls of every kind under faults of every kind, each reply checked'
	@echo '     DURATION=60 SEED= ... for so many seconds, by this chance'
	@echo '     PEER=hiredis      ... and what hiredis makes of it'
	@echo 'make chaos-proof       show that it sees a fault planted in the library'
	@echo 'make install PREFIX=   build and install (default /usr/local; DESTDIR is honoured)'
	@echo 'make deb               build the Debian packages into target/deb'
	@echo 'make docs              make the searchable reference in target/docs/html'
	@echo 'make header            write include/redisclient.h anew from the Rust source'
	@echo 'make fmt               format the Rust source'
	@echo 'make lint              formatting and lints, as errors'
	@echo 'make fuzz              look for inputs that break it'
	@echo '     DURATION=600      ... for so many seconds each (30)'
	@echo '     TARGET=reader     ... with one of: abi options pieces reader server url'
	@echo '     SEED=0            ... by another chance each time (1)'
	@echo 'make setup             install missing system packages; what needs them does it itself'

setup:
	@.ci/setup

demo: setup
	@.ci/install '$(STAGE)' '$(BUILD)'
	@PREFIX='$(STAGE)' HERE='$(HERE)' c-examples/demo.sh

test: setup
	@.ci/test

bench: setup
	@benches/bench.py --only='$(ONLY)'

bench-docs:
	@benches/bench.py --docs

bench-check:
	@benches/bench.py --check

bench-baseline:
	@benches/bench.py --baseline

chaos: setup
	@CHAOS_DURATION='$(or $(DURATION),60)' CHAOS_SEED='$(SEED)' CHAOS_PEER='$(PEER)' \
	  cargo test --quiet --locked --test chaos -- --nocapture

chaos-proof: setup
	@tests/chaos/proof.sh

install:
	@.ci/install '$(PREFIX)' '$(BUILD)'

deb: setup
	@.ci/deb

docs: setup
	@.ci/docs

fuzz: setup
	@DURATION='$(DURATION)' TARGET='$(TARGET)' SEED='$(SEED)' .ci/fuzz

header:
	BLESS=1 cargo test --quiet --test header in_step

fmt:
	cargo fmt

lint:
	cargo fmt --check
	cargo clippy --quiet --all-targets -- -D warnings
