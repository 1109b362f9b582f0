#!/usr/bin/env python3
"""Dup: sends a copy of its item, files and all, to each of several queues and hears of each how that went.

config.json of the queue: {"dup": true, "env": {"SUBSCRIBERS": "mail search 60:statistics"}}
A number in front is a delay in seconds.
"""

import os
import sys

TRY_AGAIN = 75  # EX_TEMPFAIL


def say(line):
    os.write(3, (line + "\n").encode())


def main():
    answers = open(4, encoding="utf-8")  # RQ_READ: one answer a line, "ok ID" or "fail REASON"
    failed = []
    for subscriber in os.environ.get("SUBSCRIBERS", "").split():
        delay, _, queue = subscriber.rpartition(":")
        say(f"dup {delay or 0}-X-{queue}")
        answer = answers.readline().rstrip("\n")
        print(f"{queue}: {answer}")
        if not answer.startswith("ok "):
            failed.append(queue)
    if failed:
        # The next attempt sends all copies again, under new ids: subscribers must be able to bear that.
        print(f"not delivered to {', '.join(failed)}")
        return TRY_AGAIN
    say("done")
    return 0


sys.exit(main())
