#!/usr/bin/env python3
"""Parameters: fills a template with them. The letter stays in the item, as job/letter.txt.

    rq inject letters invitation.txt --param name=Ada --param day=Monday

Free parameters (--param) come as one JSON object in RQ_PARAMS; --param1 to --param4 as RQ_PARAM1 to RQ_PARAM4.
"""

import json
import os
import string
import sys

NEVER_RETRY = 65  # EX_DATAERR: the item itself is wrong


def say(line):
    """One line to rqd: progress or a verdict."""
    os.write(3, (line + "\n").encode())


def main():
    if len(sys.argv) != 2:
        say("fail there is no template: rq inject letters FILE")
        return NEVER_RETRY
    with open(sys.argv[1], encoding="utf-8") as template:
        text = string.Template(template.read())
    try:
        letter = text.substitute(json.loads(os.environ.get("RQ_PARAMS", "{}")))
    except KeyError as missing:
        say(f"fail the template wants a parameter {missing}: --param {missing.args[0]}=...")
        return NEVER_RETRY
    with open("letter.txt", "w", encoding="utf-8") as out:
        out.write(letter)
    say(f"done {len(letter.split())} words")
    return 0


sys.exit(main())
