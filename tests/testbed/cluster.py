"""What the programs of this folder that talk to the API server in bulk share. Standard library only."""

import http.client
import json
import os
import queue
import random
import ssl
import subprocess
import sys
import threading
import urllib.parse

LABEL = "testbed.example/made-up"
CASE = "testbed.example/case"


def kubectl():
    cache = os.environ.get("FLIGHTDECK_TESTS_CACHE") or os.path.expanduser("~/.cache/flightdeck-tests")
    return os.path.join(cache, "kubernetes", "bin", "kubectl")


class Refused(Exception):
    def __init__(self, status, text):
        super().__init__(f"{status}: {text[:300]}")
        self.status = status


class Api:
    """One connection, kept alive; each thread has its own."""

    def __init__(self, folder):
        config = os.path.join(folder, "kubeconfig")
        if not os.path.exists(config):
            sys.exit(f"{config} is not there: run tests/testbed/kubernetes up {folder}")
        # The kubeconfig is YAML, which the standard library does not read.
        view = subprocess.run([kubectl(), "--kubeconfig", config, "config", "view", "--raw", "--minify", "--context", "testbed",
                               "-o", "json"], check=True, capture_output=True).stdout
        view = json.loads(view)
        cluster = view["clusters"][0]["cluster"]
        self.address = urllib.parse.urlsplit(cluster["server"])
        self.token = view["users"][0]["user"]["token"]
        self.trust = ssl.create_default_context(cafile=cluster["certificate-authority"])
        self.connection = None

    def clone(self):
        other = object.__new__(Api)
        other.__dict__.update(self.__dict__, connection=None)
        return other

    def call(self, method, path, body=None, kind="application/json", parse=False, fine=()):
        """The answer's text, or what it says as JSON. A status in `fine` is no error and gives None."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": "Bearer " + self.token, "Accept": "application/json", "Content-Type": kind}
        for attempt in range(6):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPSConnection(self.address.hostname, self.address.port, context=self.trust,
                                                                  timeout=60)
                self.connection.request(method, path, data, headers)
                answer = self.connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                # A server that was restarted: anew on a new connection, unless it stays away.
                self.connection = None
                if attempt == 5:
                    raise
                threading.Event().wait(0.2 * 2 ** attempt)
                continue
            if answer.status in fine:
                return None
            if answer.status == 429 and attempt < 5:
                threading.Event().wait(float(answer.headers.get("Retry-After", 1)))
                continue
            if answer.status >= 300:
                raise Refused(answer.status, text.decode(errors="replace"))
            return json.loads(text) if parse else text


def in_parallel(api, work, items, threads):
    """work(api, item) for each item; the first error ends it all."""
    waiting = queue.SimpleQueue()
    count = 0
    for item in items:
        waiting.put(item)
        count += 1
    failed = []

    def run():
        mine = api.clone()
        while not failed:
            try:
                item = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                work(mine, item)
            except Exception as error:  # told by the caller's thread
                failed.append(error)

    running = [threading.Thread(target=run, daemon=True) for _ in range(min(threads, max(count, 1)))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if failed:
        raise failed[0]
    return count


def pods(api):
    """All made-up pods, page by page."""
    more = ""
    while True:
        page = api.call("GET", f"/api/v1/pods?limit=1000&labelSelector={LABEL}%3Dtrue{more}", parse=True)
        yield from page["items"]
        token = page["metadata"].get("continue")
        if not token:
            return
        more = "&continue=" + urllib.parse.quote(token)


def seeded(*parts):
    return random.Random("/".join(str(part) for part in parts))
