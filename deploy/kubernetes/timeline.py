#!/usr/bin/env python3
"""Where the time from the first job to its first step goes, for the first worker that was started for it.

  timeline.py TIMES POD LOG    what client.py wrote with --times, the pod as JSON by kubectl, and its log
"""

import datetime
import json
import sys


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    times, pod = (json.load(open(name)) for name in sys.argv[1:3])
    lines = [json.loads(line) for line in open(sys.argv[3]) if line.startswith("{")]

    def logged(text):
        line = next(line for line in lines if text in line["formattedMessage"])
        return line["timestamp"] / 1e3, line["formattedMessage"]

    read, told = logged("read models")
    reading = int(told.split()[-2]) / 1e3
    marks = [
        ("first request", times["first request"]),
        ("pod made by KEDA (to the second)", seconds(pod["metadata"]["creationTimestamp"])),
        ("container started (to the second)", seconds(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])),
        ("JVM started, settings read", read - reading),
        ("models read", read),
        ("worker serves", logged(" serves ")[0]),
        ("first step", times["first step"]),
    ]
    before = begin = marks[0][1]
    for name, at in marks:
        print(f"{at - begin:7.1f} s  {name} (+{at - before:.1f} s)")
        before = at


if __name__ == "__main__":
    main()
