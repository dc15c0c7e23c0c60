"""Small requests of 64 clients while a job runs: errors and the time of answers.

    python3 Scripts/clients/load.py address [requests]
"""

import http.client
import json
import sys
import threading
import time
from urllib.parse import urlparse

place = urlparse(sys.argv[1])
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
PATHS = [
    ("GET", "/sdapi/v1/progress?skip_current_image=true"), ("GET", "/"), ("GET", "/page/app.js"),
    ("GET", "/sdapi/v1/options"), ("GET", "/api/v1/queue"), ("GET", "/api/v1/gallery?limit=10"),
    ("GET", "/v1/models"), ("GET", "/sdapi/v1/samplers"), ("GET", "/api/v1/jobs?limit=5"),
    ("GET", "/nothing"),
]


def call(connection, method, path, body=None):
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    answer = connection.getresponse()
    data = answer.read()
    return answer.status, data


first = http.client.HTTPConnection(place.hostname, place.port)
status, data = call(first, "POST", "/api/v1/jobs", json.dumps({
    "verb": "txt2img", "settings": {"prompt": "x", "steps": 900, "width": 512, "height": 512}}))
job = json.loads(data)["id"]
times, errors, lock = [], [], threading.Lock()


def client(number):
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    for i in range(COUNT // 64):
        method, path = PATHS[(number + i) % len(PATHS)]
        start = time.perf_counter()
        try:
            status, _ = call(connection, method, path)
            spent = time.perf_counter() - start
            with lock:
                times.append(spent)
                if status not in (200, 404):
                    errors.append((path, status))
        except OSError as error:
            with lock:
                errors.append((path, str(error)))
            connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)


threads = [threading.Thread(target=client, args=(n,)) for n in range(64)]
start = time.time()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
spent = time.time() - start
_, data = call(first, "GET", f"/api/v1/jobs/{job}")
state = json.loads(data)["state"]
call(first, "DELETE", f"/api/v1/jobs/{job}")
times.sort()
print(f"{len(times)} requests of 64 clients in {spent:.1f} s, job {state}: errors {len(errors)}, "
      f"median {1000 * times[len(times) // 2]:.1f} ms, p99 {1000 * times[len(times) * 99 // 100]:.1f} ms")
assert not errors, errors[:5]
