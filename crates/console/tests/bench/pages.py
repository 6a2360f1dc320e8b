"""How long the server takes for each page of the console with a million orders.

Real orders are placed first, so that traces, logs, metrics and alarms are what a server writes. Then the server is
stopped and the rows that these orders left are copied, under ids of their own, each copy further in the past; then it is
started again, and each page is asked for once after the start and several times more. The time is what the server says in
`Server-Timing`: reading and rendering, without the network. Nothing but Python's standard library is needed.
"""

import argparse
import http.client
import json
import os
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from pathlib import Path

BOUND_MS = 100.0
REPEATS = 9
CLIENTS = 16
DEAD_LETTERS = 200
OUT_OF_STOCK = "RARE-1"


class Server:
    """`ordermill serve` on a data directory."""

    def __init__(self, binary, data):
        self.data = data
        command = [binary, "serve", "--data", data, "--listen", "127.0.0.1:0", "--payment-success-rate", "0.95"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            found = re.search(r"listening on http://(\S+)", line)
            if found:
                self.address = found[1]
                break
        else:
            raise SystemExit(f"the server ended with {self.process.wait()}")
        threading.Thread(target=lambda: [None for _ in self.process.stderr], daemon=True).start()

    def key(self, name):
        return (Path(self.data) / f"{name}.key").read_text().strip()

    def call(self, method, path, body=None, key=None):
        connection = http.client.HTTPConnection(self.address)
        headers = {"x-api-key": key or self.key("admin"), "content-type": "application/json"}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:300]}")
        return json.loads(text or "null")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait() != 0:
            raise SystemExit("the server did not stop as it should")


def place(server, binary, orders):
    """Places real orders, one in fifty of them out of stock, and waits until all have ended."""
    made = subprocess.run(
        [binary, "keys", "create", "--name", "load", "--rate", "100000", "--burst", "100000", "--quota", "1000000000",
         "--output", "json", "--url", f"http://{server.address}", "--admin-key", server.key("admin")],
        check=True, capture_output=True, text=True)
    key = json.loads(made.stdout)["key"]
    server.call("PUT", f"/products/{OUT_OF_STOCK}", {"name": "Rare", "price": 10, "currency": "USD", "stock": 0})
    numbers = iter(range(orders))
    lock = threading.Lock()

    def work():
        connection = http.client.HTTPConnection(server.address)
        headers = {"x-api-key": key, "content-type": "application/json"}
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            line = {"productId": "PROD-001", "quantity": 1, "price": 29.99}
            if number % 50 == 0:
                line = {"productId": OUT_OF_STOCK, "quantity": 1, "price": 10}
            customer = f"CUST-{number % 5000:04}"
            body = {"customerId": customer, "customerEmail": f"{customer}@example.com", "items": [line]}
            connection.request("POST", "/orders", json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status == 503 or answer.status == 429:
                with lock:
                    retried.append(number)
            elif answer.status != 201:
                raise SystemExit(f"an order was answered {answer.status}: {text[:300]}")

    retried = []
    workers = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    # The feed says when the last one has ended: follow it until nothing is open any more.
    events = http.client.HTTPConnection(server.address)
    events.request("GET", "/events", headers={"x-api-key": key, "accept": "text/event-stream"})
    stream = events.getresponse()
    open_orders = lambda: any(server.call("GET", f"/orders?status={status}&limit=1", key=key)["orders"]
                              for status in ("PENDING", "PROCESSING"))
    while open_orders():
        stream.readline()
    events.close()
    return orders - len(retried)


def copy_rows(path, wanted):
    """Copies what orders left until there are so many; returns how many there are."""
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;")
    one = lambda sql: db.execute(sql).fetchone()[0]
    originals = one("SELECT count(*) FROM orders")
    rows = db.execute("SELECT key, id, placed FROM orders").fetchall()
    first, last = rows[0][0] >> 15, rows[-1][0] >> 15
    span = last - first + 1
    tops = {table: one(f"SELECT coalesce(max({key}), 0) FROM {table}")
            for table, key in (("executions", "key"), ("changes", "seq"), ("outbox", "seq"))}
    db.executescript(
        "CREATE TEMP TABLE copies (key INTEGER PRIMARY KEY, new_key, old_id BLOB, new_id BLOB, old TEXT, new TEXT);"
        "CREATE INDEX temp.by_id ON copies (old_id); CREATE INDEX temp.by_text ON copies (old);")
    for copy in range(1, -(-wanted // originals)):
        shift = copy * span
        db.execute("BEGIN")
        db.execute("DELETE FROM copies")
        db.executemany("INSERT INTO copies VALUES (?, ?, ?, ?, ?, ?)", (renamed(*row, shift) for row in rows))
        for statement in COPY:
            db.execute(statement, {"copy": copy, "shift": shift, **tops})
        db.execute("COMMIT")
        print(f"\r{(copy + 1) * originals:,} orders", end="", file=sys.stderr)
    print(file=sys.stderr)
    # Whoever follows the stream has seen all of it.
    db.execute("UPDATE checkpoints SET seq = (SELECT max(seq) FROM changes)")
    db.execute("UPDATE analytics_shards SET seq = (SELECT max(seq) FROM changes)")
    queue = one("SELECT id FROM names WHERE kind = 'queue' AND name = 'OrderProcessingDLQ'")
    seq, now = one("SELECT coalesce(max(seq), 0) FROM messages"), one("SELECT max(updated_at) FROM orders")
    letters = ((seq + number, queue, json.dumps({"orderId": f"x{number}"}), now, now) for number in range(1, DEAD_LETTERS + 1))
    db.executemany("INSERT INTO messages (seq, queue, body, trace, sent_at, visible_at, receives, last_error, source)"
                   " VALUES (?, ?, ?, '', ?, ?, 3, 'there is no such order', 'queue:OrderProcessingQueue')", letters)
    count = one("SELECT count(*) FROM orders")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return count


def renamed(key, order_id, _placed, shift):
    """An order's ids in a copy that was placed `shift` milliseconds before."""
    new = (int.from_bytes(order_id[:6], "big") - shift).to_bytes(6, "big") + order_id[6:]
    text = lambda raw: re.sub(r"(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", raw.hex())
    return key, key - (shift << 15), order_id, new, text(order_id), text(new)


COPY = (
    "INSERT INTO orders SELECT c.new_key, c.new_id, o.status, o.customer,"
    " cast(replace(cast(o.placed AS TEXT), c.old, c.new) AS BLOB), o.updated_at - :shift, o.attributes, o.attention"
    " FROM copies c JOIN main.orders o USING (key)",
    "INSERT INTO changes SELECT seq + :copy * :changes, c.new_key, at - :shift, old_status, old_updated_at - :shift,"
    " old_attributes, new_status, new_updated_at - :shift, new_attributes"
    " FROM main.changes h JOIN copies c ON c.key = h.order_key WHERE h.seq <= :changes",
    "INSERT INTO executions SELECT e.key + :copy * :executions, machine, c.new, definition, status,"
    " replace(input, c.old, c.new), trace, started_at - :shift, stopped_at - :shift, error, cause"
    " FROM main.executions e JOIN copies c ON c.old = e.name WHERE e.key <= :executions",
    "INSERT INTO journal SELECT execution + :copy * :executions, seq, events, last_event_id FROM main.journal"
    " WHERE execution <= :executions",
    "INSERT INTO holds SELECT c.new_key, lines, at - :shift, released_at - :shift"
    " FROM copies c JOIN main.holds h ON h.order_key = c.key",
    "INSERT INTO gateway_ledger SELECT replace(idempotency_key, c.old, c.new), payment_id || '-' || :copy, c.new_id, amount,"
    " currency, outcome, reason, at - :shift, refunded_at - :shift"
    " FROM copies c JOIN main.gateway_ledger g ON g.order_id = c.old_id",
    "INSERT INTO outbox SELECT o.seq + :copy * :outbox, replace(o.key, c.old, c.new), c.new_key, channel, recipient, subject,"
    " replace(body, c.old, c.new), trace, at - :shift FROM main.outbox o JOIN copies c ON c.key = o.order_key"
    " WHERE o.seq <= :outbox",
)


class Visitor:
    """Somebody who is signed in."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection(server.address)
        answer, text = self.send("GET", "/console/login")
        form = urllib.parse.urlencode({"token": re.search(r'name="token" value="([^"]+)', text)[1], "key": server.key("admin")})
        self.cookies = "; ".join(cookie.split(";")[0] for cookie in answer.headers.get_all("set-cookie"))
        answer, _ = self.send("POST", "/console/login", form)
        self.cookies = "; ".join(cookie.split(";")[0] for cookie in answer.headers.get_all("set-cookie"))

    def send(self, method, path, form=None):
        headers = {"cookie": getattr(self, "cookies", ""), "content-type": "application/x-www-form-urlencoded"}
        self.connection.request(method, path, form, headers)
        answer = self.connection.getresponse()
        return answer, answer.read().decode()

    def time(self, path):
        """What the server says that it took, in milliseconds, and how much it sent."""
        answer, text = self.send("GET", path)
        if answer.status != 200:
            raise SystemExit(f"{path} was answered {answer.status}")
        return float(re.search(r"page;dur=([\d.]+)", answer.headers["server-timing"])[1]), len(text)


def pages(server, visitor):
    """Every page with what there is most of on it."""
    of = lambda status: server.call("GET", f"/orders?status={status}&limit=1")["orders"][0]["orderId"]
    done, failed = of("COMPLETED"), of("FAILED")
    link = lambda page, pattern: re.search(pattern, visitor.send("GET", page)[1])[1].replace("&amp;", "&")
    query = lambda text: "/console/logs?" + urllib.parse.urlencode({"query": text})
    message = link("/console/queues/OrderProcessingDLQ", r'href="(/console/queues/[^"]+/messages/[^"]+)"')
    return [
        ("overview: chart, map, alarms", "/console"),
        ("orders", "/console/orders"),
        ("orders, the next page", link("/console/orders", r'rel="next" href="([^"]+)"')),
        ("orders by status", "/console/orders?status=FAILED"),
        ("orders by customer", "/console/orders?customer=CUST-0007"),
        ("orders by status, customer and time", "/console/orders?status=COMPLETED&customer=CUST-0007&from=2026-01-01T00:00"),
        ("orders that need attention", "/console/orders?status=attention"),
        ("one order", f"/console/orders/{done}"),
        ("one order, every event", f"/console/orders/{failed}?timeline=whole"),
        ("executions", "/console/executions"),
        ("executions that failed", "/console/executions?status=FAILED"),
        ("one execution", f"/console/executions/{failed}"),
        ("queues", "/console/queues"),
        ("one queue with dead letters", "/console/queues/OrderProcessingDLQ"),
        ("one message", message),
        ("deliveries", "/console/deliveries"),
        ("one subscription", link("/console/deliveries", r'href="(/console/deliveries/[^"]+)"')),
        ("products", "/console/products"),
        ("one product", "/console/products/PROD-001"),
        ("keys", "/console/keys"),
        ("metrics of an hour", "/console/metrics"),
        ("metrics of a year", "/console/metrics?span=1y"),
        ("traces", "/console/traces"),
        ("traces that failed", "/console/traces?only=failed"),
        ("one trace", link("/console/traces", r'href="(/console/traces/[^"]+)"')),
        ("logs", "/console/logs"),
        ("logs, filtered", query('filter event_type = "payment_processed"')),
        ("logs, counted over an hour", query("stats count(*) by bin(5m)")),
        ("alarms", "/console/alarms"),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--orders", type=int, default=1_000_000, help="how many orders there are in the end")
    parser.add_argument("--real", type=int, default=20_000, help="how many of them are placed, the others are copies")
    parser.add_argument("--data", help="a directory that is kept, and used again as it is when it is there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ordermill-bench-") as scratch:
        data = arguments.data or os.path.join(scratch, "data")
        if not os.path.exists(data):
            server = Server(arguments.binary, data)
            placed = place(server, arguments.binary, arguments.real)
            server.stop()
            print(f"{placed:,} orders placed", file=sys.stderr)
            copy_rows(os.path.join(data, "ordermill.db"), arguments.orders)
        size = sum(path.stat().st_size for path in Path(data).rglob("*") if path.is_file()) / 2**30
        count = sqlite3.connect(os.path.join(data, "ordermill.db")).execute("SELECT count(*) FROM orders").fetchone()[0]
        server = Server(arguments.binary, data)
        slow = measure(server, count, size)
        server.stop()
    return 1 if slow else 0


def measure(server, count, size_gib):
    """Prints a table; returns the pages that took too long."""
    visitor = Visitor(server)
    print(f"{count:,} orders, {size_gib:.1f} GiB\n\n| page | first | median of {REPEATS} | slowest | KiB |\n|---|---:|---:|---:|---:|")
    # The first page of all is the one that counts the orders.
    overview = visitor.time("/console")
    slow = []
    for name, path in pages(server, visitor):
        first = overview if path == "/console" else visitor.time(path)
        times = [visitor.time(path)[0] for _ in range(REPEATS)]
        slowest = max(times + [first[0]])
        if slowest >= BOUND_MS:
            slow.append(name)
        print(f"| {name} | {first[0]:.1f} ms | {statistics.median(times):.1f} ms | {slowest:.1f} ms | {first[1] / 1024:.0f} |")
    print(f"\nSlower than {BOUND_MS:.0f} ms: {', '.join(slow) or 'none'}.")
    return slow


if __name__ == "__main__":
    sys.exit(main())
