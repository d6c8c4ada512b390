#!/usr/bin/env bash
# Everything about Slack: the adapter against the emulator, the soak, the whole bot on it, the
# console's transcripts lived through on it; then every call that was made is validated by Slack's
# own published types. The emulator's own tests, against Bolt, are among `cargo test --workspace`.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v cargo >/dev/null || { echo "install Rust 1.95 (rustup) first" >&2; exit 1; }
. tests/node.sh
tests/slack-peers.sh
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
record="$target/slack-record"
rm -rf "$record"
# The features are those of tests/run.sh, so that nothing is built twice.
cargo test --workspace --features sim --no-run
export SLACK_EMULATOR_RECORD="$record"
cargo test --workspace --features sim --test slack-adapter
# Slack's own pace, a message a second in a room, is most of these two: many wait at once.
cargo test --workspace --features sim --test slack-bot -- --test-threads=6
cargo test --workspace --features sim --test transcripts-on-slack -- --test-threads=12
cargo test --workspace --features sim --test slack-soak
tests/slack-validate.sh "$record"
