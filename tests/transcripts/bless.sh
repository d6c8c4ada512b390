#!/usr/bin/env bash
# Writes what the bot says now into every transcript. Read the difference before you commit it.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --quiet --package underrose --no-default-features --features console
for script in tests/transcripts/*.txt; do
  "${CARGO_TARGET_DIR:-target}/debug/underrose" console --virtual-clock --rewrite <"$script" >"$script.new"
  mv "$script.new" "$script"
done
