# Two commands do everything, set-up included: `make demo` and `make test`.
PREFIX ?= /usr/local
HERE ?= Europe/Zurich
STAGE := $(CURDIR)/target/stage
BUILD := $(CURDIR)/target/cmake
export PATH := $(HOME)/.cargo/bin:$(PATH)

.PHONY: help demo test install setup header fmt lint

help:
	@echo 'make demo              build, install into target/stage, run the examples against a private server'
	@echo '     HERE=Asia/Tokyo   ... and look around another time zone'
	@echo 'make test              everything the project tests'
	@echo 'make install PREFIX=   build and install (default /usr/local; DESTDIR is honoured)'
	@echo 'make header            write include/redisclient.h anew from the Rust source'
	@echo 'make fmt               format the Rust source'
	@echo 'make lint              formatting and lints, as errors'
	@echo 'make setup             install missing system packages; demo and test do it themselves'

setup:
	@.ci/setup

demo: setup
	@.ci/install '$(STAGE)' '$(BUILD)'
	@PREFIX='$(STAGE)' HERE='$(HERE)' c-examples/demo.sh

test: setup
	@.ci/test

install:
	@.ci/install '$(PREFIX)' '$(BUILD)'

header:
	BLESS=1 cargo test --quiet --test header in_step

fmt:
	cargo fmt

lint:
	cargo fmt --check
	cargo clippy --quiet --all-targets -- -D warnings
