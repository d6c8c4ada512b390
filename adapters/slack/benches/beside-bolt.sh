#!/usr/bin/env bash
# Measures the bot beside Bolt for JavaScript: builds both, starts the benchmark, and prints tables.
# Bolt, and the Node.js that runs it, go into target/slack-bench, pinned. Arguments choose apps:
# empty, underrose, plain, batched. ROUNDS=1 is a quick look.
set -euo pipefail
cd "$(dirname "$0")/../../.."
pins="adapters/slack/benches/beside_bolt"
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
bolt="$target/slack-bench"

fail() { echo "beside-bolt: $1" >&2; exit 1; }
command -v cargo >/dev/null || fail "install Rust 1.95 (rustup) first"
command -v npm >/dev/null || fail "install npm: Bolt for JavaScript comes from there"

wanted="$(cat "$pins/package.json" "$pins/package-lock.json" "$0" | sha256sum)"
if [ "$(cat "$bolt/ready" 2>/dev/null)" != "$wanted" ]; then
  rm -rf "$bolt"
  mkdir -p "$bolt"
  cp "$pins/package.json" "$pins/package-lock.json" "$bolt/"
  (cd "$bolt" && npm ci --silent --no-audit --no-fund) || fail "npm could not install Bolt for JavaScript"
  "$bolt/node_modules/.bin/node" -e 'require("node:sqlite")' || fail "this Node.js has no SQLite"
  echo "$wanted" > "$bolt/ready"
fi
cp "$pins/bolt.js" "$bolt/"

# A release's profile, but for link-time optimisation, which takes minutes and hardly shows.
profile=(--config profile.release.lto=false)
# Linked as the Dockerfile does it.
cargo rustc --release "${profile[@]}" --package underrose --bin underrose -- -C link-arg=-Wl,-z,pack-relative-relocs
UNDERROSE="$target/release/underrose" BOLT_FOLDER="$bolt" \
  cargo bench --profile release "${profile[@]}" --package underrose-slack --bench beside-bolt -- "$@"
