"""What a crash leaves: every order that was answered 201, and the way on for each."""

import pathlib
import tempfile
import unittest

from support import Server, enter, eventually, order


class Crash(unittest.TestCase):
    def test_orders_that_were_under_way_are_finished_after_kill_9(self):
        directory = enter(tempfile.TemporaryDirectory(prefix="ordermill-e2e-"), self.addCleanup)
        # Payments that take a second are certainly under way when the process dies.
        options = ("--payment-success-rate", "1", "--payment-delay-ms", "1000")
        server = enter(Server(pathlib.Path(directory) / "data", *options), self.addCleanup)
        client = server.client()
        with client.events() as events:
            placed = [client.call("POST", "/orders", order()) for _ in range(5)]
            self.assertEqual({answer.status for answer in placed}, {201})
            ids = [answer.json["orderId"] for answer in placed]
            events.wait_for(ids[0], {"PROCESSING"})
        key = server.key()
        server.kill()

        server.start()
        self.assertEqual(server.key(), key, "the key is the same after a restart")
        client = server.client()
        for order_id in ids:
            read = lambda: client.call("GET", f"/orders/{order_id}")
            ended = eventually(read, lambda a: a.json["status"] not in ("PENDING", "PROCESSING"), "the order's end")
            self.assertEqual(ended.json["status"], "COMPLETED", ended)
            timeline = client.call("GET", f"/orders/{order_id}/timeline").json["timeline"]
            charges = [e for e in timeline if e["source"] == "payment" and e["event"] == "CHARGED"]
            self.assertEqual(len(charges), 1, timeline)
        product = client.call("GET", "/products/PROD-001").json
        self.assertEqual(product["stock"], self.first_stock(directory) - 2 * len(ids))

    def first_stock(self, directory):
        with Server(pathlib.Path(directory) / "fresh") as fresh:
            return fresh.client().call("GET", "/products/PROD-001").json["stock"]

    def test_a_server_that_is_asked_to_stop_does_so_and_starts_again(self):
        directory = enter(tempfile.TemporaryDirectory(prefix="ordermill-e2e-"), self.addCleanup)
        server = enter(Server(pathlib.Path(directory) / "data", "--payment-success-rate", "1"), self.addCleanup)
        order_id = server.client().call("POST", "/orders", order()).json["orderId"]
        self.assertEqual(server.stop(), 0, server.log)
        server.start()
        read = lambda: server.client().call("GET", f"/orders/{order_id}").json
        eventually(read, lambda o: o["status"] == "COMPLETED", "the order's completion")

    def test_a_data_directory_has_one_server(self):
        directory = enter(tempfile.TemporaryDirectory(prefix="ordermill-e2e-"), self.addCleanup)
        first = enter(Server(pathlib.Path(directory) / "data"), self.addCleanup)
        second = Server(first.data)
        with self.assertRaises(AssertionError) as refused:
            second.start()
        self.assertIn("in use", str(refused.exception))
        self.assertNotEqual(second.process.returncode, 0)
        self.assertEqual(first.client().call("GET", "/health").status, 200)


if __name__ == "__main__":
    unittest.main()
