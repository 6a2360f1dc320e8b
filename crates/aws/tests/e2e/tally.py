"""What the functions ask of AWS, counted: a server between them and the counterpart.

The counterpart tells its functions this server's address instead of its own.
"""

import collections
import http.client
import http.server
import json
import os
import threading
import urllib.parse

ENDPOINT = os.environ["ORDERMILL_AWS_ENDPOINT"].removeprefix("http://")
DROPPED = {"host", "connection", "transfer-encoding", "content-length"}


class Tally:
    """Passes on every call. Those whose kind is asked for are counted from `begin` on."""

    def __init__(self, port):
        self.counts, self.lock = collections.Counter(), threading.Lock()
        tally = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                tally.count(operation(self.path, self.headers, body))
                connection = http.client.HTTPConnection(ENDPOINT, timeout=60)
                kept = {name: value for name, value in self.headers.items() if name.lower() not in DROPPED}
                try:
                    connection.request("POST", self.path, body, kept)
                    answer = connection.getresponse()
                    data = answer.read()
                finally:
                    connection.close()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in DROPPED:
                        self.send_header(name, value)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def count(self, name):
        if name:
            with self.lock:
                self.counts[name] += 1

    def begin(self):
        with self.lock:
            self.counts.clear()

    def seen(self):
        with self.lock:
            return dict(self.counts)


def operation(path, headers, body):
    """`PutItem orders`, by the table where there is one; nothing for the sweep's own questions, which no order causes."""
    target = headers.get("x-amz-target")
    if not target:
        if path.startswith("/v2/email"):
            return "SendEmail"
        form = urllib.parse.parse_qs(body.decode())
        return form.get("Action", [path])[0] + (" phone" if "PhoneNumber" in form else "")
    name, request = target.rpartition(".")[2], json.loads(body)
    if request.get("IndexName") in ("status-index", "unpublished-index"):
        return None
    if name == "TransactWriteItems":
        tables = [next(iter(item.values()))["TableName"] for item in request["TransactItems"]]
        return f"{name} {' '.join(sorted(table_of(table) for table in tables))}"
    tables = [request["TableName"]] if "TableName" in request else list(request.get("RequestItems", []))
    return " ".join([name, *map(table_of, tables)])


def table_of(name):
    """`ordermill-OrdersTable-1A2B3C` is OrdersTable."""
    return next((part for part in name.split("-") if part.endswith("Table")), name)
