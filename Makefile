# ofarm's tasks. "make help" lists them.

GO ?= go
BIN := bin
# The linker shim is an input of every project's step: its bytes depend on its
# source and on Go's version only.
SHIM_FLAGS := -trimpath -buildvcs=false -ldflags='-s -w -buildid='
BUILDKIT := github.com/moby/buildkit
# A daemon says which one it is, which provenance repeats.
BUILDKIT_VERSION = $(shell $(GO) list -m -f '{{.Version}}' $(BUILDKIT))
SCRIPTS = $(shell git ls-files '*.sh') .ci/run

.PHONY: help build demo test e2e table lint bench clean

help: ## list the tasks
	@sed -n 's/^\([a-z0-9]*\):.*## /\1\t/p' Makefile | expand -t 10

build: ## build ofarm, its linker shim and buildkitd into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/ofarm ./cmd/ofarm
	CGO_ENABLED=0 GOOS=linux GOARCH=amd64 $(GO) build $(SHIM_FLAGS) -o $(BIN)/ofarm-cc-linux-amd64 ./cmd/ofarm-cc
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 $(GO) build $(SHIM_FLAGS) -o $(BIN)/ofarm-cc-linux-arm64 ./cmd/ofarm-cc
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-X $(BUILDKIT)/version.Version=$(BUILDKIT_VERSION)' -o $(BIN)/buildkitd $(BUILDKIT)/cmd/buildkitd

demo: build ## build the example fserv for Alpine and an old Debian, and run both (as root)
	$(GO) run ./internal/testworld/demo

test: build lint ## run all tests; as root with runc those of the daemon too
	$(GO) test -timeout 80m $(TEST_FLAGS) ./...

e2e: build ## everything longer: examples for all targets, twice from nothing; every shape of executable; opam's answers (two hours, as root)
	OFARM_TEST_DAEMON=require OFARM_TEST_E2E=1 $(GO) test -timeout 8h -count=1 -v -run 'E2E' ./internal/...

bench: build ## measure the graph beside its scripts (as root) and resolving beside opam; prints tables
	$(GO) run ./internal/testworld/graphbench
	$(GO) run ./internal/testworld/lockbench

table: build ## verify the examples, three compilers and real programs, for the README's table (one to two hours, as root)
	$(GO) run ./internal/testworld/verifytable

lint: ## go vet, a build for macOS, staticcheck, gofmt, shfmt and (where installed) shellcheck
	$(GO) vet ./...
	CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 $(GO) build -o /dev/null ./cmd/ofarm
	$(GO) tool staticcheck ./...
	@test -z "$$(gofmt -l . | tee /dev/stderr)"
	@test -z "$$($(GO) tool shfmt -l $(SCRIPTS) | tee /dev/stderr)"
	@if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS); fi

clean: ## remove bin/ and dist/
	rm -rf $(BIN) dist
