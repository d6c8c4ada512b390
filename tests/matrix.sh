#!/usr/bin/env bash
# Runs the Matrix tests against a real Synapse, which they start themselves, and sets up what they
# need: the first run makes a virtual environment under target/ (a minute).
set -euo pipefail
cd "$(dirname "$0")/.."
command -v cargo >/dev/null || { echo "install Rust 1.95 (rustup) first" >&2; exit 1; }
if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
  echo "installing python3 and python3-venv, which the homeserver needs"
  apt-get update -qq && apt-get install -y -qq python3 python3-venv
fi
if ! command -v openssl >/dev/null; then
  echo "installing openssl, which makes a certificate that nobody signed"
  apt-get update -qq && apt-get install -y -qq openssl
fi
adapters/matrix/tests/support/venv.sh "${CARGO_TARGET_DIR:-target}" >/dev/null
# The whole bot is killed and started as the binary that this builds. The features are those of
# tests/run.sh, so that nothing is built twice.
cargo test --workspace --features sim --no-run
# Each test has people with clients of their own: more than a few at once wait for each other.
cargo test --workspace --features sim --test homeserver -- --test-threads="${MATRIX_THREADS:-4}"
cargo test --workspace --features sim --test bot -- --nocapture --test-threads=1
# The console's transcripts on Matrix, and one case on Matrix, Slack and the console at once.
cargo test --workspace --features sim --test transcripts-on-matrix -- --test-threads="${MATRIX_THREADS:-4}"
# What is said to Slack there is validated as tests/slack.sh validates its own.
. tests/node.sh
tests/slack-peers.sh
record="$(realpath -m "${CARGO_TARGET_DIR:-target}")/slack-record-several"
rm -rf "$record"
SLACK_EMULATOR_RECORD="$record" cargo test --workspace --features sim --test several-networks -- --test-threads=2
tests/slack-validate.sh "$record"
