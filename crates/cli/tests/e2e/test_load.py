"""Many clients at once: one key, too much at a time, and a server that is told to stop in the middle of it."""

import collections
import contextlib
import json
import pathlib
import re
import signal
import socket
import tempfile
import threading
import unittest
import uuid

from support import DEADLINE_S, Server, enter, eventually, order


class Load(unittest.TestCase):
    def serve(self, *options):
        """A server whose payments succeed, with a key without limits."""
        directory = enter(tempfile.TemporaryDirectory(prefix="ordermill-e2e-"), self.addCleanup)
        server = enter(Server(pathlib.Path(directory) / "data", "--payment-success-rate", "1", "--log", "warn", *options),
                       self.addCleanup)
        self.admin = server.client(server.key("admin"))
        # A quota that nobody reaches is a plan of its own, without a throttle.
        key = self.admin.call("POST", "/admin/keys", {"name": "crowd", "quota": 10**9}).json["key"]
        return server, server.client(key)

    def at_rest(self):
        """Waits until nothing is left to do."""
        def left():
            queues = self.admin.call("GET", "/admin/queues").json["queues"]
            waiting = sum(q["visible"] + q["inFlight"] for q in queues if not q["isDeadLetterQueue"])
            subscriptions = self.admin.call("GET", "/admin/subscriptions").json["subscriptions"]
            return waiting + sum(s["pending"] for s in subscriptions) \
                + self.admin.call("GET", "/admin/status").json["openExecutions"]
        eventually(left, lambda n: n == 0, "coming to rest")

    def dead_letters(self):
        queues = self.admin.call("GET", "/admin/queues").json["queues"]
        return sum(q["visible"] for q in queues if q["isDeadLetterQueue"])

    def test_a_thousand_requests_at_once_with_one_key_are_one_order(self):
        server, client = self.serve()
        customer, key = f"CUST-{uuid.uuid4()}", str(uuid.uuid4())
        requests = [raw(client, order(customerId=customer), {"Idempotency-Key": key})] * 1000
        answers = at_once(server.port, requests)
        # One of them was first, and its answer is there with its order: nobody is told that the key is in flight.
        self.assertEqual(collections.Counter(a.status for a in answers), {201: 1000})
        self.assertEqual(len({a.body for a in answers}), 1, "a thousand answers that agree")
        order_id = answers[0].json["orderId"]
        self.at_rest()
        listed = client.call("GET", f"/orders?customerId={customer}").json["orders"]
        self.assertEqual([o["orderId"] for o in listed], [order_id])
        timeline = client.call("GET", f"/orders/{order_id}/timeline").json["timeline"]
        self.assertEqual([e["event"] for e in timeline if e["source"] == "payment"], ["CHARGED"])

    def test_overload_is_shed_and_what_was_taken_is_finished(self):
        room = 8
        server, client = self.serve("--max-in-flight", str(room))
        accepted, shed = [], 0
        for times in (2, 10):
            for _ in range(20):
                requests = [raw(client, order(customerId="CUST-LOAD")) for _ in range(room * times)]
                for answer in at_once(server.port, requests):
                    self.assertIn(answer.status, (201, 503), answer)
                    if answer.status == 201:
                        accepted.append(answer.json["orderId"])
                    else:
                        shed += 1
                        self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
                        self.assertEqual(answer.json["type"].rsplit("/", 1)[-1], "overloaded")
        self.assertGreater(shed, 0, "ten times as much as there is room for is too much")
        self.assertGreater(len(accepted), room)
        self.assertLess(peak_memory_mib(server.process.pid), 200)
        # Whoever comes one at a time is served at once again.
        for _ in range(50):
            answer = client.call("POST", "/orders", order(customerId="CUST-LOAD"))
            self.assertEqual(answer.status, 201, answer)
            accepted.append(answer.json["orderId"])
        self.at_rest()
        self.assertEqual(self.dead_letters(), 0)
        ended = collections.Counter(client.call("GET", f"/orders/{i}").json["status"] for i in accepted)
        self.assertEqual(ended, {"COMPLETED": len(accepted)})
        self.assertEqual(len(accepted), len(set(accepted)))

    def test_sigterm_under_load_loses_nothing(self):
        server, client = self.serve("--payment-delay-ms", "20")
        accepted, wrong, stop = [], [], threading.Event()

        def buy():
            while not stop.is_set():
                try:
                    answer = client.call("POST", "/orders", order(customerId="CUST-TERM"))
                except OSError:
                    return
                except Exception as error:  # An answer that breaks off is no answer.
                    wrong.append(repr(error))
                    return
                (accepted if answer.status == 201 else wrong).append(answer.json.get("orderId", str(answer)))

        threads = [threading.Thread(target=buy) for _ in range(8)]
        with client.events() as events:
            for thread in threads:
                thread.start()
            seen = 0
            for _, _, change in events:
                seen += change["newImage"]["status"] == "PROCESSING"
                if seen >= 20:
                    break
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(DEADLINE_S), 0, server.log)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        # It stopped in good order: all is in the database, nothing in its log.
        self.assertEqual(sum(log.stat().st_size for log in server.data.glob("*-wal")), 0)
        server.start()
        self.admin = server.client(server.key("admin"))
        client.port = server.port
        self.at_rest()
        self.assertEqual(self.dead_letters(), 0)
        ended = collections.Counter(client.call("GET", f"/orders/{i}").json["status"] for i in accepted)
        self.assertEqual(ended, {"COMPLETED": len(accepted)})
        self.assertGreater(len(accepted), 20)

    def test_clients_that_hang_up_leave_everything_as_it_should_be(self):
        server, client = self.serve()
        customer = f"CUST-{uuid.uuid4()}"
        whole = raw(client, order(customerId=customer))
        placed = 0
        for cut in [1, 40, len(whole) // 2, len(whole) - 1]:
            with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S) as connection:
                connection.sendall(whole[:cut])
        for _ in range(20):
            # All is sent, and nobody waits for the answer.
            with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S) as connection:
                connection.sendall(whole)
                placed += 1
        for _ in range(5):
            # A part of a long answer is read.
            with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S) as connection:
                connection.sendall(b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n")
                self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 200"))
        self.assertEqual(client.call("POST", "/orders", order(customerId=customer)).status, 201)
        self.at_rest()
        listed = client.call("GET", f"/orders?customerId={customer}&limit=100").json["orders"]
        # A half request is no order; a whole one may be, and is then a whole order.
        self.assertLessEqual(len(listed), placed + 1)
        self.assertGreaterEqual(len(listed), 1)
        self.assertEqual({o["status"] for o in listed}, {"COMPLETED"})


class RawAnswer:
    def __init__(self, text):
        head, _, self.body = text.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}

    @property
    def json(self):
        return json.loads(self.body, parse_float=str)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


def raw(client, body, headers=None):
    """A request as bytes, which ends its connection."""
    content = json.dumps(body).encode()
    fields = {"Host": "x", "X-Api-Key": client.key, "Content-Type": "application/json", "Connection": "close",
              "Content-Length": len(content), **(headers or {})}
    head = "POST /orders HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return head.encode() + b"\r\n" + content


def at_once(port, requests):
    """Sends all but the last byte of each request on a connection of its own, then the last bytes, then reads."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S))
                       for _ in requests]
        for connection, request in zip(connections, requests):
            connection.sendall(request[:-1])
        for connection, request in zip(connections, requests):
            connection.sendall(request[-1:])
        return [RawAnswer(b"".join(iter(lambda: connection.recv(65536), b""))) for connection in connections]


def peak_memory_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) / 1024


if __name__ == "__main__":
    unittest.main()
