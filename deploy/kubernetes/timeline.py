#!/usr/bin/env python3
"""Where the time of a pod's start goes: prints what happened when, and how long after what happened before.

  timeline.py POD LOG NAME=SECONDS...    the pod as JSON by kubectl, the log of its gateway or worker, and other times, in
                                         seconds since 1970
"""

import datetime
import json
import sys

LOGGED = {"read models": "models read", " serves ": "worker serves", "Gateway listens": "gateway listens"}


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def of_pod(pod):
    """Kubernetes tells the time to the second."""
    status = pod["status"]
    marks = {"pod made (to the second)": seconds(pod["metadata"]["creationTimestamp"])}
    for container in status.get("initContainerStatuses", []):
        marks[f"{container['name']} ended (to the second)"] = seconds(container["state"]["terminated"]["finishedAt"])
    marks["container started (to the second)"] = seconds(
        status["containerStatuses"][0]["state"]["running"]["startedAt"]
    )
    return marks


def of_log(lines):
    marks = {}
    for line in lines:
        if not line.startswith("{"):
            continue
        event = json.loads(line)
        for text, name in LOGGED.items():
            if text in event["formattedMessage"]:
                marks[name] = event["timestamp"] / 1e3
        if "read models" in event["formattedMessage"]:
            took = int(event["formattedMessage"].split()[-2])
            marks["JVM started, libtorch loaded"] = (event["timestamp"] - took) / 1e3
    if not marks:
        sys.exit(f"the log has none of {list(LOGGED)}")
    return marks


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    with open(sys.argv[1]) as pod, open(sys.argv[2]) as log:
        marks = of_pod(json.load(pod)) | of_log(log)
    for argument in sys.argv[3:]:
        name, at = argument.rsplit("=", 1)
        marks[name] = float(at)
    ordered = sorted(marks.items(), key=lambda mark: mark[1])
    first = before = ordered[0][1]
    for name, at in ordered:
        print(f"{at - first:7.1f} s  {name} (+{at - before:.1f} s)")
        before = at


if __name__ == "__main__":
    main()
