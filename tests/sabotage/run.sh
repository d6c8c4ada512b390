#!/usr/bin/env bash
# Breaks one promise at a time, in a copy, and demands that the simulation notices. A patch that no
# longer applies, or that goes unnoticed, fails.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-$PWD/target}
copy=$target/sabotage/tree
mkdir -p "$copy"
caught=0
for patch in tests/sabotage/*.patch; do
  name=$(basename "$patch" .patch)
  # What is gone here goes there too: the copy is kept from run to run.
  (cd "$copy" && find . -type f -printf '%P\0') | while IFS= read -r -d '' file; do
    [ -e "$file" ] || rm -- "$copy/$file"
  done
  # Only what differs is written, so that only what differs is compiled.
  git ls-files -z --cached --others --exclude-standard | rsync -a --checksum --from0 --files-from=- ./ "$copy/" 2>/dev/null ||
    { rm -rf "$copy"; mkdir -p "$copy"; git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$copy"; }
  (cd "$copy" && patch --quiet --strip=1) <"$patch" || { echo "sabotage $name: does not apply any more" >&2; exit 1; }
  log=$target/sabotage/$name.log
  if (cd "$copy" && CARGO_TARGET_DIR="$target/sabotage/target" SEEDS="${SABOTAGE_SEEDS:-16}" cargo test --quiet --package underrose --no-default-features --features console,sim --test sim) >"$log" 2>&1; then
    echo "sabotage $name: NOT caught" >&2
    exit 1
  fi
  grep -q 'SEED=' "$log" || { echo "sabotage $name: does not build:" >&2; tail -20 "$log" >&2; exit 1; }
  echo "sabotage $name: caught: $(grep -h -A1 'panicked at tests/sim' "$log" | sed -n 2p | cut -c1-100)"
  caught=$((caught + 1))
done
echo "$caught sabotages, each caught."
[ "$caught" -ge 11 ]
