"""Checks recorded blocks and views against slack_sdk's models: what they do not know, or would
not send, is a finding. The second opinion beside validate.mjs. Arguments: files or folders of the
emulator's JSON lines. Ends with 1 and a line for each finding."""

import json
import logging
import os
import sys

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

findings = {}
unknown = []


class Noted(logging.Handler):
    """The models only log what they do not know."""

    def emit(self, record):
        unknown.append(record.getMessage())


logging.getLogger("slack_sdk").addHandler(Noted())
logging.getLogger("slack_sdk").propagate = False


def lost(sent, kept, path=""):
    """What the models dropped or changed, as paths."""
    if isinstance(sent, dict) and isinstance(kept, dict):
        for key, value in sent.items():
            if value in (None, "", [], {}):
                continue
            if key not in kept:
                yield f"{path}/{key} is unknown"
            else:
                yield from lost(value, kept[key], f"{path}/{key}")
    elif isinstance(sent, list) and isinstance(kept, list):
        if len(sent) != len(kept):
            yield f"{path}: {len(sent)} items became {len(kept)}"
        for index, (one, other) in enumerate(zip(sent, kept)):
            yield from lost(one, other, f"{path}/{index}")
    elif sent != kept:
        yield f"{path}: {sent!r} became {kept!r}"


def check(make, sent, what, where):
    unknown.clear()
    try:
        model = make(sent)
        if model is None:
            findings.setdefault(f"{what}: not a known kind: {json.dumps(sent)[:200]}", where)
            return
        kept = json.loads(json.dumps(model.to_dict()))
        for problem in lost(sent, kept):
            findings.setdefault(f"{what}: {problem}", where)
    except (SlackObjectFormationError, TypeError, ValueError, KeyError, AttributeError) as error:
        findings.setdefault(f"{what}: {error}", where)
    for message in unknown:
        findings.setdefault(f"{what}: {message}", where)


def blocks(sent, what, where):
    for block in sent or []:
        check(Block.parse, block, f"{what} {block.get('type')}", where)


def view(sent, what, where):
    if not isinstance(sent, dict):
        return
    check(lambda body: View(**body), sent, f"{what} view", where)
    blocks(sent.get("blocks"), f"{what} view", where)


def lines(paths):
    for path in paths:
        names = [path]
        if os.path.isdir(path):
            names = [os.path.join(path, name) for name in sorted(os.listdir(path)) if name.endswith(".jsonl")]
        for name in names:
            with open(name, encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    yield f"{name}:{number}", json.loads(line)


count = 0
seen = set()
for where, line in lines(sys.argv[1:]):
    count += 1
    call = line.get("call")
    if not call:
        continue
    arguments = call["arguments"]
    said = json.dumps([arguments.get("blocks"), arguments.get("view")], sort_keys=True)
    if said in seen:
        continue
    seen.add(said)
    blocks(arguments.get("blocks"), call["method"], where)
    view(arguments.get("view"), call["method"], where)

for finding, where in findings.items():
    print(f"{where}: {finding}")
if count == 0:
    print("there is nothing recorded to check")
    sys.exit(1)
print(f"{count} lines checked against slack_sdk's models, {len(findings)} findings")
sys.exit(1 if findings else 0)
