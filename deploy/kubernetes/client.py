#!/usr/bin/env python3
"""A client of Ruido for tests of a cluster, with Python's standard library alone.

  client.py --url URL steady --rate 5 --while FILE      requests at a steady pace while there is a file; fails when one does
  client.py --url URL jobs --count 500 --out FILE       submits jobs, watches each over WebSockets, fetches the pictures, and
                                                        keeps their SHA-256; --expect FILE compares with an earlier run

A request that gets no answer is sent again with the same Idempotency-Key, as docs/architecture.md tells clients to. What
counts as a fault: a job that does not succeed, an image that is finished twice, an event number that is missing or comes
twice, and a picture that differs.
"""

import argparse
import base64
import collections
import concurrent.futures
import hashlib
import http.client
import json
import os
import select
import socket
import struct
import sys
import threading
import time
import urllib.parse

TIMEOUT = 20
PATIENCE = 900
JOBS_A_SOCKET = 50


class Api:
    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port = parts.hostname, parts.port or 80
        self.local = threading.local()

    def request(self, method, path, body=None, headers=None):
        """One request on this thread's connection: status and body. Raises OSError or HTTPException without an answer."""
        connection = getattr(self.local, "connection", None)
        if connection is None:
            connection = self.local.connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT)
        if connection.sock is not None and select.select([connection.sock], [], [], 0)[0]:
            # The server has closed an idle connection. Connection pools look before they use one again, and so does this.
            connection.close()
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            self.local.connection = None
            raise

    def insist(self, method, path, body=None, headers=None, wanted=(200, 202)):
        """Again and again until it is answered as wanted."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                status, answer = self.request(method, path, body, headers)
                if status in wanted:
                    return answer
                problem = f"{status} {answer[:300]!r}"
                if status not in (429, 502, 503, 504):
                    raise SystemExit(f"{method} {path}: {problem}")
            except (OSError, http.client.HTTPException) as e:
                problem = repr(e)
            if time.monotonic() > deadline:
                raise SystemExit(f"{method} {path}: gave up after {PATIENCE} s: {problem}")
            time.sleep(0.3)


class WebSocket:
    """RFC 6455, as much of it as a client of /v1/ws needs."""

    def __init__(self, api, path):
        self.socket = socket.create_connection((api.host, api.port), timeout=TIMEOUT)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {api.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self.file = self.socket.makefile("rb")
        status = self.file.readline()
        while self.file.readline() not in (b"\r\n", b""):
            pass
        if b" 101 " not in status:
            raise OSError(f"no WebSocket: {status!r}")

    def send(self, text, opcode=1):
        payload = text if isinstance(text, bytes) else text.encode()
        mask = os.urandom(4)
        size = len(payload)
        head = bytes([0x80 | opcode])
        head += bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + struct.pack(">H", size)
        self.socket.sendall(head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def read(self):
        """The next text, or the status with which the server closes."""
        while True:
            first, second = self.exactly(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack(">H", self.exactly(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", self.exactly(8))
            payload = self.exactly(size)
            opcode = first & 0xF
            if opcode == 1:
                return payload.decode()
            if opcode == 8:
                return struct.unpack(">H", payload[:2])[0] if size >= 2 else 1005
            if opcode == 9:
                self.send(payload, 10)

    def exactly(self, count):
        data = self.file.read(count)
        if len(data) < count:
            raise OSError("the connection ended")
        return data

    def close(self):
        self.socket.close()


class Watch(threading.Thread):
    """Watches some jobs to their ends, over as many connections as it takes."""

    def __init__(self, api, jobs, closes):
        super().__init__(daemon=True)
        self.api, self.closes = api, closes
        self.last = {job: 0 for job in jobs}
        self.open = set(jobs)
        self.states, self.finished, self.faults = {}, collections.Counter(), []
        self.first_step = {}

    def run(self):
        deadline = time.monotonic() + PATIENCE
        while self.open:
            if time.monotonic() > deadline:
                self.faults += [f"job {job} has not ended, last event {self.last[job]}" for job in self.open]
                return
            try:
                self.follow()
            except (OSError, ValueError) as e:
                self.closes[type(e).__name__] += 1
                time.sleep(0.5)

    def follow(self):
        channel = WebSocket(self.api, "/v1/ws")
        try:
            for job in self.open:
                channel.send(json.dumps({"op": "subscribe", "job": job, "after": self.last[job]}))
            while self.open:
                frame = channel.read()
                if isinstance(frame, int):
                    self.closes[frame] += 1
                    return
                told = json.loads(frame)
                if "event" not in told:
                    if told["problem"]["status"] < 500:
                        self.faults.append(f"refused: {frame[:300]}")
                        self.open.discard(told["job"])
                        continue
                    raise OSError("subscribe again")
                self.take(told["job"], told["event"])
        finally:
            channel.close()

    def take(self, job, event):
        if event["number"] != self.last[job] + 1:
            self.faults.append(f"job {job}: event {event['number']} after {self.last[job]}")
        self.last[job] = event["number"]
        if event["type"] == "step":
            self.first_step.setdefault(job, time.time())
        if event["type"] == "image" and event["state"] == "SUCCEEDED":
            self.finished[job, event["index"]] += 1
        if event["type"] == "state" and event["state"] in ("SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"):
            self.states[job] = event["state"]
            self.open.discard(job)


def jobs(api, args):
    begin = time.time()
    submitted = {}

    def submit(seed):
        wanted = {"prompt": f"a red apple {seed}", "steps": args.steps, "seed": seed, "count": 1}
        wanted |= {"width": args.size, "height": args.size}
        answer = api.insist(
            "POST",
            "/v1/jobs",
            json.dumps(wanted),
            {"Content-Type": "application/json", "Idempotency-Key": f"{args.run}-{seed}"},
        )
        return seed, json.loads(answer)["id"]

    closes, watches = collections.Counter(), []
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for seed, job in pool.map(submit, range(1, args.count + 1)):
            submitted[seed] = job
            if len(submitted) % JOBS_A_SOCKET == 0 or len(submitted) == args.count:
                known = sum(len(watch.last) for watch in watches)
                watch = Watch(api, list(submitted.values())[known:], closes)
                watch.start()
                watches.append(watch)
    accepted = time.time()
    for watch in watches:
        watch.join()
    ended = time.time()

    states = {job: state for watch in watches for job, state in watch.states.items()}
    faults = [fault for watch in watches for fault in watch.faults]
    faults += [f"job {job}: {states.get(job)}" for job in submitted.values() if states.get(job) != "SUCCEEDED"]
    if len(set(submitted.values())) != args.count:
        faults.append("two submissions gave one job")
    faults += [
        f"image {image} was finished {times} times"
        for watch in watches
        for image, times in watch.finished.items()
        if times != 1
    ]

    def digest(seed):
        picture = api.insist("GET", f"/v1/jobs/{submitted[seed]}/images/0")
        return hashlib.sha256(picture).hexdigest()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        digests = dict(zip(map(str, submitted), pool.map(digest, submitted)))
    if args.out:
        with open(args.out, "w") as out:
            json.dump(digests, out)
    if args.expect:
        with open(args.expect) as expected:
            before = json.load(expected)
        different = [seed for seed, sha in digests.items() if before[seed] != sha]
        faults += [f"the picture of seed {seed} differs" for seed in different]
        print(f"{len(digests) - len(different)} of {len(digests)} pictures are byte-equal to those of {args.expect}")
    first = min((at for watch in watches for at in watch.first_step.values()), default=ended)
    print(
        f"{args.count} jobs: accepted in {accepted - begin:.1f} s, first step {first - begin:.1f} s after the first"
        f" request, all ended after {ended - begin:.1f} s; connections closed: {dict(closes)}; {len(faults)} faults"
    )
    if args.times:
        with open(args.times, "w") as times:
            times.writelines(
                f"{name}={at}\n"
                for name, at in [("first request", begin), ("first step", first), ("all ended", ended)]
            )
    return faults


def steady(api, args):
    faults, latencies, lock = [], [], threading.Lock()
    body = json.dumps({"prompt": "a red apple", "steps": 1, "seed": 1})

    def once(number):
        begin = time.monotonic()
        post = number % 5 == 0
        try:
            status, answer = (
                api.request("POST", "/v1/jobs", body, {"Content-Type": "application/json"})
                if post
                else api.request("GET", "/v1/models")
            )
            fault = None if status in (200, 202) else f"{status} {answer[:200]!r}"
        except (OSError, http.client.HTTPException) as e:
            fault = repr(e)
        with lock:
            latencies.append(time.monotonic() - begin)
            if fault:
                faults.append(f"{time.strftime('%H:%M:%S')} {'POST /v1/jobs' if post else 'GET /v1/models'}: {fault}")

    count, begin = 0, time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        while os.path.exists(getattr(args, "while")):
            pool.submit(once, count)
            count += 1
            time.sleep(max(0, begin + count / args.rate - time.monotonic()))
    latencies.sort()
    print(
        f"{count - len(faults)} of {count} requests answered, median {latencies[len(latencies) // 2] * 1e3:.0f} ms,"
        f" longest {latencies[-1] * 1e3:.0f} ms"
    )
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="such as http://10.96.3.4")
    commands = parser.add_subparsers(required=True)
    steadily = commands.add_parser("steady")
    steadily.add_argument("--rate", type=float, default=5)
    steadily.add_argument("--while", required=True, help="file; the requests end when it is removed")
    steadily.set_defaults(run_command=steady)
    many = commands.add_parser("jobs")
    many.add_argument("--count", type=int, default=500)
    many.add_argument("--steps", type=int, default=20)
    many.add_argument("--size", type=int, default=128, help="pixels of the pictures' width and height")
    many.add_argument("--run", default=str(time.time()), help="part of the Idempotency-Keys")
    many.add_argument("--out", help="file that keeps the pictures' SHA-256 by seed")
    many.add_argument("--times", help="file that keeps when the first request, the first step and the end were, as NAME=SECONDS")
    many.add_argument("--expect", help="such a file of a run that was not disturbed")
    many.set_defaults(run_command=jobs)
    args = parser.parse_args()
    faults = args.run_command(Api(args.url), args)
    for fault in faults[:20]:
        print("fault:", fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
