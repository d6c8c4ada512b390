"""Runs Synapse until standard input ends, so that it never outlives the test that started it."""

import os
import sys
import threading


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
sys.argv = ["synapse.app.homeserver", "-c", sys.argv[1]] + sys.argv[2:]

from synapse.app.homeserver import main  # noqa: E402

main()
