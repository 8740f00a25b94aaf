# ofarm's tasks. "make help" lists them.

GO ?= go
BIN := bin
SHIM_FLAGS := -trimpath -buildvcs=false -ldflags='-s -w -buildid='

.PHONY: help build test lint demo e2e clean

help: ## list the tasks
	@sed -n 's/^\([a-z0-9]*\):.*## /\1\t/p' Makefile | expand -t 10

build: ## build ofarm, its linker shim and buildkitd into bin/
	$(GO) build -trimpath -o $(BIN)/ofarm ./cmd/ofarm
	CGO_ENABLED=0 GOOS=linux GOARCH=amd64 $(GO) build $(SHIM_FLAGS) -o $(BIN)/ofarm-cc-linux-amd64 ./cmd/ofarm-cc
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 $(GO) build $(SHIM_FLAGS) -o $(BIN)/ofarm-cc-linux-arm64 ./cmd/ofarm-cc
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/buildkitd github.com/moby/buildkit/cmd/buildkitd
