"""Small requests of all kinds from 64 clients while a job runs: errors, and the time of the answers.

    python3 Scripts/clients/load.py address [requests [pause]]

Every client goes through all requests in turn, from a place of its own: reading, uploads of small pictures
and masks, plans, png-info, options, stars, jobs that are queued, moved, cancelled and retried, interrupts.
What decodes or encodes a picture is counted apart from the rest. A client rests for `pause` seconds on average
between two requests, 0.2 if it is left out. With 0 the requests come as fast as they are answered, and
the times are those of a machine without a rest, this program's among them.
"""

import base64
import http.client
import json
import random
import re
import struct
import sys
import threading
import time
import zlib
from urllib.parse import urlparse

place = urlparse(sys.argv[1])
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
PAUSE = float(sys.argv[3]) if len(sys.argv) > 3 else 0.2
CLIENTS = 64
lock = threading.Lock()
times, errors = {}, []


def png(side, value, *, text=None):
    """A grey picture, with a text as `parameters`."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    rows = b"".join(b"\0" + bytes((value + x) % 256 for x in range(side)) for _ in range(side))
    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))]
    if text:
        parts.append(chunk(b"tEXt", b"parameters\0" + text.encode()))
    parts += [chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def encoded(data):
    return base64.b64encode(data).decode()


class Client:
    """One connection; kept open between requests."""

    def __init__(self):
        self.connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)

    def call(self, method, path, body=None, expect=(200,), picture=False, key=None):
        """The JSON of an answer; its time and status are noted under the address's form."""
        headers = {"Idempotency-Key": key} if key else {}
        data = body
        if PAUSE:
            time.sleep(random.uniform(0, 2 * PAUSE))
        if isinstance(body, (bytes, bytearray)):
            headers["Content-Type"] = "application/octet-stream"
        elif body is not None:
            data, headers["Content-Type"] = json.dumps(body), "application/json"
        start = time.perf_counter()
        try:
            self.connection.request(method, path, data, headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            with lock:
                errors.append((method, path, repr(error)))
            self.connection.close()
            return None
        spent = time.perf_counter() - start
        with lock:
            times.setdefault(picture, []).append((spent, method + " " + path.split("?")[0]))
            if answer.status not in expect:
                errors.append((method, path, answer.status, text[:200]))
        try:
            return json.loads(text)
        except ValueError:
            return text


def order(number, **more):
    return {"verb": "txt2img", "settings": {
        "prompt": f"hill {number}", "steps": 2, "width": 64, "height": 64, "seed": number}, **more}


def read(client, number):
    paths = ["/", "/page/app.js", "/sdapi/v1/progress?skip_current_image=true", "/v1/models",
             "/sdapi/v1/options", "/sdapi/v1/samplers", "/api/v1/queue", "/api/v1/jobs?limit=5",
             "/api/v1/gallery?limit=10", "/api/v1/presets", "/api/v1/keys", "/api/v1/models",
             "/api/v1/capabilities", "/sdapi/v1/sd-models", "/sdapi/v1/memory", "/healthz",
             "/metrics", "/internal/ping", "/openapi.json"]
    client.call("GET", paths[number % len(paths)])


def refused(client, number):
    client.call("GET", "/nothing", expect=(404,))
    client.call("POST", "/sdapi/v1/txt2img", {"steps": "many"}, expect=(422,))


def options(client, number):
    client.call("POST", "/sdapi/v1/options", {"jpeg_quality": 70 + number % 20})


def interrupt(client, number):
    # The long job is not of this interface: nothing ends.
    client.call("POST", "/sdapi/v1/interrupt", {})
    client.call("POST", "/sdapi/v1/skip", {})


def progress(client, number):
    client.call("POST", "/internal/progress", {"id_task": f"task-{number}"})


def png_info(client, number):
    text = f"hill\nSteps: 2, Seed: {number}"
    answer = client.call("POST", "/sdapi/v1/png-info", {"image": encoded(png(32, 9, text=text))},
                         picture=True)
    if answer is not None and f"Seed: {number}" not in str(answer):
        errors.append(("png-info", answer))


def plan(client, number):
    client.call("POST", "/api/v1/plan", order(number))


def edit_plan(client, number):
    """A picture and a mask are sent, planned with, and shown as used."""
    photo = client.call("POST", "/api/v1/pictures", png(64, number % 200), (201,), picture=True)
    mask = client.call("POST", "/api/v1/pictures", png(64, (number + 9) % 200), (201,), picture=True)
    if not photo or not mask:
        return
    body = {"verb": "inpaint", "source": photo["id"], "mask": mask["id"],
            "settings": {"prompt": "x", "steps": 2}}
    client.call("POST", "/api/v1/mask/used", body, picture=True)
    client.call("GET", f"/api/v1/pictures/{photo['id']}", picture=True)
    client.call("GET", f"/api/v1/pictures/{mask['id']}/mask?width=64&height=64", picture=True)


def queue(client, number):
    """A job is queued, moved, cancelled and queued again; a full queue is an answer, too."""
    job = client.call("POST", "/api/v1/jobs", order(number), (202, 429), key=f"load-{number}")
    if not job or "id" not in job:
        return
    client.call("PATCH", f"/api/v1/jobs/{job['id']}", {"priority": -1}, (200, 409))
    client.call("DELETE", f"/api/v1/jobs/{job['id']}", expect=(200, 409))
    client.call("GET", f"/api/v1/jobs/{job['id']}")


def favourite(client, number):
    client.call("PATCH", f"/api/v1/gallery/{star['id']}", {"star": number % 2 == 0})


KINDS = [read, options, read, interrupt, read, png_info, read, plan, progress, read, edit_plan,
         read, queue, read, favourite, refused]


def work(number):
    client = Client()
    step = number
    while True:
        with lock:
            if sum(map(len, times.values())) >= COUNT:
                return
        KINDS[step % len(KINDS)](client, number * 1000 + step)
        step += 1


first = Client()
made = first.call("POST", "/api/v1/jobs", order(1), (202,))
for _ in range(600):
    made = first.call("GET", f"/api/v1/jobs/{made['id']}")
    if made["state"] == "done":
        break
    time.sleep(0.1)
star = made["results"][0]
long = first.call("POST", "/api/v1/jobs", {
    "verb": "txt2img", "priority": 100,
    "settings": {"prompt": "x", "steps": 900, "width": 512, "height": 512}}, (202,))["id"]
while first.call("GET", f"/api/v1/jobs/{long}")["state"] != "running":
    time.sleep(0.05)
time.sleep(1)
random.seed(7)
times.clear()
threads = [threading.Thread(target=work, args=(n,)) for n in range(CLIENTS)]
start = time.time()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
spent = time.time() - start
kept = {key: list(value) for key, value in times.items()}
state = first.call("GET", f"/api/v1/jobs/{long}")["state"]
first.call("DELETE", f"/api/v1/jobs/{long}")


def describe(name, values):
    values = sorted(values)
    p99 = values[min(len(values) * 99 // 100, len(values) - 1)]
    print(f"{name}: {len(values)} requests, median {1000 * values[len(values) // 2][0]:.1f} ms, "
          f"p99 {1000 * p99[0]:.1f} ms, slowest {1000 * values[-1][0]:.1f} ms")
    routes = {}
    for seconds, route in values:
        routes.setdefault(re.sub("/[0-9a-f-]{32,}|/[0-9]+$", "/{id}", route), []).append(seconds)
    slow = sorted(routes, key=lambda route: -sum(routes[route]) / len(routes[route]))[:4]
    print("   slowest on average: " + ", ".join(
        f"{route} {1000 * sum(routes[route]) / len(routes[route]):.0f} ms" for route in slow))


print(f"{sum(map(len, kept.values()))} requests of {CLIENTS} clients in {spent:.1f} s beside a job "
      f"that is {state} then: {len(errors)} errors")
describe("without a picture", kept[False])
describe("with a picture", kept[True])
assert state == "running", state
assert not errors, errors[:5]
