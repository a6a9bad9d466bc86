# Two commands: `make run` and `make test`. The rest forwards to `cargo xtask`.
# scripts/bootstrap.sh finds or installs the tools and writes down which ones in target/env.sh.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test check build e2e lint fmt check-invariants server-functions postgres faults servers seed bench pictures release release-check

xtask = ./scripts/bootstrap.sh $(1) && . target/env.sh && "$$CARGO" xtask $(2) $(ARGS)

help: ## Show this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 26

run: ## Build what is needed and serve http://127.0.0.1:3000 with sample data
	@$(call xtask,rust node,serve)

test: ## Every test: units, SQLite and PostgreSQL, invariants, bundle size, browser
	@$(call xtask,rust node postgres nginx browser monitoring s3,test)

check: ## Before a commit: formatting, clippy, unit tests, one journey in the browser; ARGS=name narrows the unit tests
	@$(call xtask,rust node browser s3,check)

build: ## The browser bundle alone, into target/site
	@$(call xtask,rust node,build)

e2e: ## The browser tests alone; ARGS="website --project no-js" narrows them
	@$(call xtask,rust node browser $(if $(findstring --postgres,$(ARGS)),postgres),e2e)

faults: ## Kill, cut off, fill the disk, stop the database while people submit; ARGS="--rounds 20 --submits 120"
	@$(call xtask,rust node postgres,faults)

servers: ## Kill one of three servers behind nginx every 5 s for two minutes; ARGS="--seconds 30 --pace 10"
	@$(call xtask,rust node postgres nginx,servers)

lint: ## Clippy over every crate
	@$(call xtask,rust,lint)

fmt: ## Format every crate
	@$(call xtask,rust,fmt)

check-invariants: ## The rules of the architecture that can be checked without running anything
	@$(call xtask,rust,check-invariants)

server-functions: ## Rewrite end2end/server-functions.txt (after adding the tests)
	@$(call xtask,rust,server-functions --write)

postgres: ## A PostgreSQL in a temporary directory until Ctrl-C; prints its address
	@$(call xtask,rust postgres,postgres)

seed: ## Fill the database with many filings; ARGS are the server's
	@$(call xtask,rust,seed)

bench: ## Measure the release build, into docs/performance.md; ARGS="--filings 100000 --minutes 2 --only pages"
	@$(call xtask,rust node postgres,bench)

release: ## What is given away, into target/dist: program, Debian package, OCI image, SBOM, sums; ARGS=--quick tries the packing
	@$(call xtask,rust node release,release)

release-check: ## Install the package into a Debian of its own, start it, take it away
	@$(call xtask,rust release,release-check)

pictures: ## Decode every picture under DIR with two decoders and tell where they differ
	@$(call xtask,rust,pictures "$(DIR)")
