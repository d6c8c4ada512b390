#!/usr/bin/env bash
# Runs all tests, and sets up what they need. Say SEEDS=1000 for a longer simulation.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v cargo >/dev/null || { echo "install Rust 1.95 (rustup) first" >&2; exit 1; }
command -v patch >/dev/null || { apt-get update -qq && apt-get install -y -qq patch; }
# A virtual environment for the CVSS oracle needs python3 with venv and pip.
if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
  echo "installing python3-venv for the CVSS oracle"
  apt-get update -qq && apt-get install -y -qq python3 python3-venv
fi
cargo build --workspace
cargo test --workspace
tests/oracle/run.sh
tests/sabotage/run.sh
cargo bench --no-run
