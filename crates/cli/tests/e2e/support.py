"""A server under test, and a client of it that shares no code with it: Python's standard library alone.

Nothing here sleeps for a fixed time. What has an event is waited for by its event; what has none is asked for again
until it holds or a deadline passes.
"""

import contextlib
import http.client
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[4]
BINARY = os.environ.get("ORDERMILL_BIN", "target/debug/ordermill")
DEADLINE_S = 60
FINAL = {"COMPLETED", "FAILED", "CANCELLED"}


class Server:
    """The built binary, serving a data directory on a port that the system chooses."""

    def __init__(self, data, *options, prefix=()):
        self.data = pathlib.Path(data)
        self.options = options
        # A command that runs the server in its place, such as unshare.
        self.prefix = prefix
        self.process = None
        self.port = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.kill()

    def start(self, port=0):
        """Starts the server and returns when it listens: on this port, or on one that the system chooses."""
        listen = f"127.0.0.1:{port}"
        command = [*self.prefix, BINARY, "serve", "--data", str(self.data), "--listen", listen, *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.log = []
        listening = queue.Queue()
        threading.Thread(target=self._read_log, args=(self.process, listening), daemon=True).start()
        try:
            self.port = listening.get(timeout=DEADLINE_S)
        except queue.Empty:
            self.port = None
        if self.port is None:
            self.kill()
            raise AssertionError("the server does not listen:\n" + "".join(self.log))

    def _read_log(self, process, listening):
        for line in process.stderr:
            self.log.append(line)
            if found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", line):
                listening.put(int(found.group(1)))
        listening.put(None)
        process.stderr.close()

    def kill(self):
        """Ends the process at once, as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE_S)

    def stop(self):
        """Asks the process to end and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE_S)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def key(self, name="default"):
        return (self.data / f"{name}.key").read_text().strip()

    def client(self, key=None):
        return Client(self.port, self.key() if key is None else key)


class Answer:
    """What a server answered."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body, parse_float=str)

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


class Client:
    """Calls a server with one key; an empty key sends none."""

    def __init__(self, port, key):
        self.port, self.key = port, key

    def call(self, method, path, body=None, headers=None, timeout=DEADLINE_S):
        """One request on a connection of its own. A body that is no bytes is sent as JSON."""
        headers = dict(headers or {})
        if self.key:
            headers.setdefault("x-api-key", self.key)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("content-type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            # By itself, for below a refused connection would pass for one whose answer is there.
            connection.connect()
            # A server may answer before it has the whole body, and then take no more of it.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def events(self, after=None):
        """The change feed as server-sent events. When this returns, no later change is missed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        path = "/events" if after is None else f"/events?after={after}"
        connection.request("GET", path, headers={"x-api-key": self.key, "accept": "text/event-stream"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        assert answer.headers.get_content_type() == "text/event-stream", answer.headers
        return Events(connection, answer)


class Events:
    """An open change feed."""

    def __init__(self, connection, answer):
        self.connection, self.answer = connection, answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def __iter__(self):
        """Yields (id, event, data) as they come."""
        field = {}
        for line in self.answer:
            line = line.decode().rstrip("\r\n")
            if not line and "data" in field:
                yield field.get("id"), field.get("event"), json.loads(field["data"], parse_float=str)
                field = {}
            elif line and not line.startswith(":"):
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                field[name] = field[name] + "\n" + value if name == "data" and name in field else value

    def wait_for(self, order_id, statuses=FINAL):
        """The order's image when it first has one of these statuses."""
        for _, _, change in self:
            image = change.get("newImage") or {}
            if image.get("orderId") == order_id and image.get("status") in statuses:
                return image
        raise AssertionError("the change feed ended")


def eventually(ask, holds, what, deadline_s=DEADLINE_S, pause_s=0.02):
    """Asks until the answer holds, and returns it. Only for what has no event to wait for."""
    deadline = time.monotonic() + deadline_s
    while True:
        answer = ask()
        if holds(answer):
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {deadline_s} s; last answer: {answer!r}")
        time.sleep(pause_s)


def enter(context, add_cleanup):
    """Enters a context that ends with the test, or with its class."""
    entered = context.__enter__()
    add_cleanup(context.__exit__, None, None, None)
    return entered


def template_with_visibility(directory, seconds):
    """The project's own template in the directory, with messages that failed coming back after so many seconds."""
    directory = pathlib.Path(directory)
    shutil.copytree(ROOT / "workflows", directory / "workflows")
    text = (ROOT / "template.yaml").read_text()
    text, count = re.subn(r"VisibilityTimeout: 180\b", f"VisibilityTimeout: {seconds}", text, count=1)
    assert count == 1
    # A function may not take longer than its messages are hidden.
    path = directory / "template.yaml"
    path.write_text(re.sub(r"Timeout: 30\b", f"Timeout: {seconds}", text))
    return path


def order(**changes):
    """An order that is right, with changes."""
    return {
        "customerId": "CUST-001",
        "items": [{"productId": "PROD-001", "quantity": 2, "price": 29.99}],
        **changes,
    }


class ServerTest(unittest.TestCase):
    """Tests that share one server whose payments all succeed. Each needs its own customer to be told apart."""

    options = ("--payment-success-rate", "1")

    @classmethod
    def setUpClass(cls):
        directory = enter(tempfile.TemporaryDirectory(prefix="ordermill-e2e-"), cls.addClassCleanup)
        cls.server = enter(Server(pathlib.Path(directory) / "data", *cls.options), cls.addClassCleanup)
        cls.client = cls.server.client()
        cls.admin = cls.server.client(cls.server.key("admin"))

    def assert_problem(self, answer, status, code, pointers=None):
        """The answer is a problem document of this status and code, with exactly these pointers."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers.get_content_type(), "application/problem+json", answer)
        problem = answer.json
        self.assertEqual(problem["status"], status)
        self.assertTrue(problem["message"], problem)
        self.assertEqual(problem["type"].rsplit("/", 1)[-1], code, problem)
        if pointers is not None:
            self.assertEqual(sorted(error["pointer"] for error in problem["errors"]), sorted(pointers), problem)
