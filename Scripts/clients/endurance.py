"""Trials of a server over time: memory, threads and open files over many small jobs, and a full disk.

    python3 Scripts/clients/endurance.py path-of-gesso-server [memory [jobs]] [disk]

Without a trial's name both are made, the first with 1,000 jobs. The second mounts a tmpfs of a few MB and
needs to be root.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

SERVER = sys.argv[1]
WORDS = sys.argv[2:]
JOBS = next((int(word) for word in WORDS if word.isdigit()), 1000)
ENVIRONMENT = dict(os.environ, GESSO_MODELS=os.path.abspath("Fixtures/Models"))


class Server:
    def __init__(self, data):
        self.process = subprocess.Popen(
            [SERVER, "--port", "0", "--data", data, "--quiet"], stdout=subprocess.PIPE, text=True,
            env=ENVIRONMENT)
        self.address = self.process.stdout.readline().strip()

    def call(self, method, path, body=None):
        """Status and answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.address + path.lstrip("/"), data=data, method=method,
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def job(self, number, side=64, steps=1):
        return self.call("POST", "/api/v1/jobs", {"verb": "txt2img", "settings": {
            "prompt": f"hill {number}", "steps": steps, "width": side, "height": side,
            "seed": number}})

    def idle(self):
        """Waits until nothing runs; also where the queue has paused."""
        while True:
            _, queue = self.call("GET", "/api/v1/queue")
            if queue["paused"] or not queue["jobs"]:
                return queue
            time.sleep(0.05)

    def use(self):
        """MiB of memory, threads, open files."""
        place = f"/proc/{self.process.pid}"
        lines = open(f"{place}/status").read().splitlines()
        numbers = dict(line.split(":", 1) for line in lines if ":" in line)
        return (
            int(numbers["VmRSS"].split()[0]) // 1024, int(numbers["Threads"]),
            len(os.listdir(f"{place}/fd")))

    def stop(self):
        self.process.terminate()
        assert self.process.wait(20) == 0, "SIGTERM does not end the server well"


def memory():
    with tempfile.TemporaryDirectory() as data:
        server = Server(data)
        sent, uses = 0, []
        while sent < JOBS:
            status, _ = server.job(sent)
            if status == 202:
                sent += 1
                # The first tenth warms up: the model, the caches, the threads.
                if sent % max(JOBS // 10, 1) == 0:
                    server.idle()
                    uses.append(server.use())
                    print(f"   after {sent} jobs: {uses[-1][0]} MiB, {uses[-1][1]} threads, "
                          f"{uses[-1][2]} open files", flush=True)
            else:
                assert status == 429, status
                time.sleep(0.05)
        server.idle()
        _, failed = server.call("GET", "/api/v1/jobs?state=failed")
        assert not failed["items"], failed
        server.call("POST", "/sdapi/v1/unload-checkpoint", {})
        print(f"   without the model: {server.use()[0]} MiB")
        server.stop()
        first, last = uses[0], uses[-1]
        assert last[0] <= first[0] * 1.2 + 16, f"memory grows: {first[0]} to {last[0]} MiB"
        assert last[1] <= first[1] + 4 and last[2] <= first[2] + 8, (first, last)
        print(f"{JOBS} small jobs: {first[0]} MiB after a tenth of them, {last[0]} MiB at the end")


def disk():
    with tempfile.TemporaryDirectory() as data:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", data], capture_output=True)
        if mounted.returncode != 0:
            return print("The trial of a full disk is left out: a tmpfs cannot be mounted here")
        ballast = os.path.join(data, "ballast")
        try:
            server = Server(data)
            status, _ = server.job(0)
            assert status == 202, status
            server.idle()
            # A job that runs when the disk fills up fails with a line, and the queue pauses.
            status, job = server.job(1, side=256, steps=60)
            assert status == 202, status
            with open(ballast, "wb") as file:
                try:
                    while True:
                        file.write(b"\0" * (1 << 16))
                        file.flush()
                except OSError:
                    pass
            queue = server.idle()
            _, job = server.call("GET", f"/api/v1/jobs/{job['id']}")
            assert queue["paused"] and "full" in (queue["reason"] or ""), queue
            assert job["state"] == "failed" and "full" in job["error"], job
            # New jobs are refused, reading goes on.
            status, answer = server.job(2)
            assert status == 507, (status, answer)
            status, gallery = server.call("GET", "/api/v1/gallery")
            assert status == 200 and len(gallery["items"]) == 1, gallery
            # With room again, everything goes on.
            os.remove(ballast)
            server.call("POST", "/api/v1/queue/resume", {})
            status, again = server.call("POST", f"/api/v1/jobs/{job['id']}/retry", {})
            assert status == 202, again
            server.idle()
            _, again = server.call("GET", f"/api/v1/jobs/{again['id']}")
            assert again["state"] == "done", again
            server.stop()
            left = [name for _, _, names in os.walk(data) for name in names if "draft" in name]
            assert not left, left
        finally:
            subprocess.run(["umount", "-l", data])
    print("full disk: the job fails with a line, new ones are refused, and all goes on with room")


chosen = [word for word in WORDS if not word.isdigit()] or ["memory", "disk"]
for name in chosen:
    {"memory": memory, "disk": disk}[name]()
