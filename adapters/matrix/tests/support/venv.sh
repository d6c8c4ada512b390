#!/bin/sh
# Makes the virtual environment with Synapse and matrix-nio, once, and prints the path of its
# Python. A missing Python says so and fails.
set -eu
target="$1"
venv="$target/matrix-venv"
stamp="$venv/ready-synapse-1.163.2-nio-0.26.0"
python="${UNDERROSE_PYTHON:-python3}"
if [ ! -e "$stamp" ]; then
    if ! "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
        echo "the Matrix tests need Python 3.10 or newer with venv: install python3 and python3-venv" >&2
        exit 1
    fi
    mkdir -p "$target"
    (
        # Two test binaries may come here at once.
        flock 9
        if [ ! -e "$stamp" ]; then
            rm -rf "$venv"
            "$python" -m venv "$venv"
            "$venv/bin/pip" install --quiet --disable-pip-version-check \
                matrix-synapse==1.163.2 'matrix-nio[e2e]==0.26.0' >&2 || {
                echo "pip could not install matrix-synapse and matrix-nio[e2e]: is PyPI reachable?" >&2
                exit 1
            }
            touch "$stamp"
        fi
    ) 9>"$target/matrix-venv.lock"
fi
echo "$venv/bin/python"
