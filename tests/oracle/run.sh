#!/usr/bin/env bash
# Holds `underrose cvss` against an independent implementation over COUNT vectors (120,000).
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v python3 >/dev/null || { echo "the CVSS oracle needs python3 with venv: install it" >&2; exit 1; }
target=${CARGO_TARGET_DIR:-target}
venv=$target/oracle/venv
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv" || { echo "python3 cannot make a virtual environment: install python3-venv" >&2; exit 1; }
fi
"$venv/bin/python" -c 'import cvss' 2>/dev/null || "$venv/bin/pip" install --quiet 'cvss==3.6'
count=${COUNT:-120000} seed=${SEED:-2026}
"$venv/bin/python" tests/oracle/cvss_vectors.py "$count" "$seed" "$target/oracle/vectors" "$target/oracle/expected"
binary=${UNDERROSE:-$target/debug/underrose}
"$binary" cvss <"$target/oracle/vectors" >"$target/oracle/found"
if cmp --silent "$target/oracle/expected" "$target/oracle/found"; then
  echo "CVSS: $count vectors score as the independent implementation scores them."
else
  echo "CVSS: these differ (expected <, found >):" >&2
  diff "$target/oracle/expected" "$target/oracle/found" | head -20 >&2
  exit 1
fi
