#!/usr/bin/env bash
# Draws the pictures of docs/screens anew: the real binary lives a disclosure on the emulator, and
# what its adapter sent is drawn by slack-blocks-to-jsx in Chromium. They are renderings and not
# Slack itself. The tools go into target/slack-screens, pinned.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
tools="$target/slack-screens"

fail() { echo "slack-screens: $1" >&2; exit 1; }
command -v npm >/dev/null || fail "install npm: the renderer comes from there"
browser=$(command -v chromium || command -v google-chrome) || fail "install Debian's chromium (and fonts-lato, fonts-noto-color-emoji)"

wanted="$(cat docs/screens/package.json docs/screens/package-lock.json | sha256sum)"
if [ "$(cat "$tools/ready" 2>/dev/null)" != "$wanted" ]; then
  rm -rf "$tools"
  mkdir -p "$tools"
  cp docs/screens/package.json docs/screens/package-lock.json "$tools/"
  (cd "$tools" && npm ci --silent --no-audit --no-fund) || fail "npm could not install the renderer"
  echo "$wanted" > "$tools/ready"
fi
rm -rf "$tools/surfaces"
# The flags are those of tests/run.sh, so that nothing is built twice.
SLACK_SCREENS="$tools/surfaces" cargo test --workspace --features sim --test slack-bot -- every_surface
node docs/screens/draw.mjs "$tools" "$tools/surfaces" "$browser"
