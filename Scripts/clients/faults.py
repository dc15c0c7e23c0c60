"""Kills a server with SIGKILL again and again while it works through a queue, and compares what comes
of it with an uninterrupted run: no picture lost, none twice, the same bytes.

    python3 Scripts/clients/faults.py path-of-gesso-server [jobs] [kills]
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

SERVER = sys.argv[1]
JOBS = int(sys.argv[2]) if len(sys.argv) > 2 else 200
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 100
ENVIRONMENT = dict(os.environ, GESSO_MODELS=os.path.abspath("Fixtures/Models"))


def start(data):
    process = subprocess.Popen(
        [SERVER, "--port", "0", "--data", data, "--quiet"], stdout=subprocess.PIPE, text=True,
        env=ENVIRONMENT)
    return process, process.stdout.readline().strip()


def call(address, method, path, body=None, key=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path.lstrip("/"), data=data, method=method)
    request.add_header("Content-Type", "application/json")
    if key:
        request.add_header("Idempotency-Key", key)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def submit(address, number):
    """Whether the job is in the queue by now."""
    body = {"verb": "txt2img", "settings": {
        "prompt": f"hill {number}", "steps": 6, "width": 64, "height": 64, "seed": number}}
    try:
        call(address, "POST", "/api/v1/jobs", body, key=f"job-{number}")
        return True
    except urllib.error.HTTPError as error:
        assert error.code == 429, error.read()
        return False


def results(address):
    """(seed, digest) of every picture there is."""
    found, before = [], None
    while True:
        query = "limit=200" + (f"&before={before}" if before else "")
        items = call(address, "GET", f"/api/v1/gallery?{query}")["items"]
        found += [(item["seed"], item["picture"]) for item in items]
        if len(items) < 200:
            return sorted(found)
        before = items[-1]["id"]


def run(kills, longest=0):
    """Works through the jobs, with kills after random times of at most so many seconds each."""
    random.seed(7)
    with tempfile.TemporaryDirectory() as data:
        process, address = start(data)
        sent, killed, since, pause = 0, 0, time.time(), random.uniform(0, longest)
        while True:
            try:
                while sent < JOBS and submit(address, sent):
                    sent += 1
                if sent == JOBS and not call(address, "GET", "/api/v1/queue")["jobs"]:
                    break
            except (OSError, urllib.error.URLError):
                pass
            if killed < kills and time.time() - since > pause:
                process.send_signal(signal.SIGKILL)
                process.wait()
                killed += 1
                process, address = start(data)
                since, pause = time.time(), random.uniform(0, longest)
            time.sleep(0.01)
        found = results(address)
        failed = call(address, "GET", "/api/v1/jobs?state=failed")["items"]
        process.terminate()
        assert process.wait(20) == 0, "SIGTERM does not end the server well"
        return found, killed, failed


began = time.time()
calm, _, _ = run(0)
each = (time.time() - began) / JOBS
# Between two kills there is time for as many jobs as there are for each kill, on average for less: so there
# are jobs left until the last kill, however fast the machine is.
found, killed, failed = run(KILLS, longest=1.5 * each * JOBS / KILLS)
assert not failed, failed
assert killed == KILLS, f"the jobs ended after {killed} of {KILLS} kills"
assert len(calm) == JOBS and len(found) == JOBS, (len(calm), len(found))
assert found == calm, "other bytes than in an uninterrupted run"
print(f"{JOBS} jobs, {killed} kills: {len(found)} pictures, none twice, the bytes of a calm run")
