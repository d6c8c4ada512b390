#!/usr/bin/env bash
# Everything about Slack: the emulator against its peers, the adapter against the emulator, the
# whole bot on it; then every call that was made is validated by Slack's own published types.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v cargo >/dev/null || { echo "install Rust 1.95 (rustup) first" >&2; exit 1; }
tests/slack-peers.sh
cargo test --package underrose-slack-emulator
record="$PWD/target/slack-record"
rm -rf "$record"
SLACK_EMULATOR_RECORD="$record" cargo test --package underrose-slack
SLACK_EMULATOR_RECORD="$record" cargo test --package underrose --test slack
tests/slack-validate.sh "$record"
