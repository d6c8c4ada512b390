#!/usr/bin/env bash
# Runs all tests, and sets up what they need. Say SEEDS=1000 for a longer simulation.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v cargo >/dev/null || { echo "install Rust 1.95 (rustup) first" >&2; exit 1; }
missing=()
command -v patch >/dev/null || missing+=(patch)
command -v rsync >/dev/null || missing+=(rsync)
# Virtual environments for the CVSS oracle, the homeserver and Bolt need python3 with venv and pip.
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3 python3-venv)
# Bolt for JavaScript, and Slack's own types, hold the Slack emulator to what Slack is.
command -v npm >/dev/null || missing+=(nodejs npm)
command -v openssl >/dev/null || missing+=(openssl)
if [ "${#missing[@]}" -gt 0 ]; then
  echo "installing ${missing[*]}, which the tests need"
  apt-get update -qq && apt-get install -y -qq "${missing[@]}"
fi
. tests/node.sh
tests/slack-peers.sh
# The feature `sim` brings the loopback network and the kill points; a release never has them.
# Everything is built in this one way: other flags would resolve other features, and build twice.
cargo test --workspace --features sim --no-run
cargo test --workspace --features sim
tests/slack.sh
tests/matrix.sh
tests/oracle/run.sh
tests/sabotage/run.sh
cargo bench --no-run --package underrose --no-default-features --features console
