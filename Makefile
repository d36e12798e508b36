# Everything is relative, so that the folder may lie anywhere, also below a name with a space.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PORT ?= 8000
export PORT

# 3.12 and 3.11 first: for them every package, the embedded Redis too, comes built.
PYTHON := $(shell for python in $(PYTHON) python3.12 python3.11 python3 python3.13; do \
	"$$python" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$python" && break; done)
FRONTEND_SOURCES := $(shell find frontend -type f -not -path '*/node_modules/*' -not -name '*.test.ts' 2>/dev/null)
NEED_NODE := Interline needs Node.js 20.19 or newer and npm: https://nodejs.org/
NEED_PYTHON := Interline needs Python 3.11 or newer: https://www.python.org/downloads/

.PHONY: help run test lint bench types format setup setup-dev frontend clean port-free need-python need-node

help:
	@echo "make run     start Interline on http://localhost:$(PORT)/ (PORT and DATA_DIR move it)"
	@echo "make test    every test: Python, TypeScript, browser"
	@echo "make lint    formatting, types, import contract, templates, styles"
	@echo "make bench   benchmarks, as ratios"
	@echo "make format  rewrite sources in the house style"
	@echo "make types   regenerate TypeScript types from the wire schemas"

run: need-python need-node port-free setup frontend
	@exec .venv/bin/python -m project.supervisor

need-python:
	@test -n "$(PYTHON)" || { echo "$(NEED_PYTHON)" >&2; exit 1; }

need-node:
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
		>/dev/null 2>&1 && npm --version >/dev/null 2>&1 || { echo "$(NEED_NODE)" >&2; exit 1; }

port-free: need-python
	@$(PYTHON) project/ports.py

# Stamps: a second start installs nothing unless what is required has changed.
setup: .venv/.runtime
setup-dev: .venv/.dev

.venv/bin/python: | need-python
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

.venv/.runtime: requirements.txt | .venv/bin/python
	@echo "Installing Python packages"
	@.venv/bin/python -m pip install --quiet --requirement requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt | .venv/bin/python
	@echo "Installing Python packages for development"
	@.venv/bin/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $@ .venv/.runtime

frontend/node_modules/.installed: frontend/package-lock.json | need-node
	@echo "Installing JavaScript packages"
	@cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

frontend: static/dist/.vite/manifest.json

static/dist/.vite/manifest.json: frontend/node_modules/.installed $(FRONTEND_SOURCES)
	@echo "Building the front end"
	@cd frontend && npm run --silent build
	@touch $@

types: setup-dev frontend/node_modules/.installed
	@cd frontend && npm run --silent types

format: setup-dev frontend/node_modules/.installed
	@.venv/bin/python -m ruff check --fix --quiet .
	@.venv/bin/python -m ruff format --quiet .
	@.venv/bin/python scripts/write_configuration.py
	@cd frontend && npm run --silent format

lint: need-python need-node setup-dev frontend/node_modules/.installed
	@sh scripts/lint.sh

test: need-python need-node setup-dev frontend
	@sh scripts/test.sh

bench: need-python need-node setup-dev frontend
	@.venv/bin/python -m tests.benchmarks

clean:
	rm -rf .venv frontend/node_modules static/dist static/icons.svg staticfiles
