"""A message that nobody can handle: alone in the dead-letter queue, with its cause, and back again after the fix."""

import contextlib
import json
import pathlib
import sqlite3
import subprocess
import tempfile
import time
import unittest
import uuid

from support import BINARY, DEADLINE_S, Server, enter, eventually, order, template_with_visibility

DEAD = "OrderProcessingDLQ"


class Poison(unittest.TestCase):
    def setUp(self):
        directory = pathlib.Path(enter(tempfile.TemporaryDirectory(prefix="ordermill-e2e-"), self.addCleanup))
        template = template_with_visibility(directory, 1)
        self.server = enter(Server(directory / "data", "--payment-success-rate", "1", "--template", str(template)),
                            self.addCleanup)

    def change_books(self, change):
        """What a defect, or a person with a database tool, does to a shop that is closed."""
        self.assertEqual(self.server.stop(), 0)
        with contextlib.closing(sqlite3.connect(self.server.data / "ordermill.db")) as database, database:
            change(database)
        self.server.start()

    def admin(self):
        return self.server.client(self.server.key("admin"))

    def dead_letters(self):
        return self.admin().call("GET", f"/admin/queues/{DEAD}/messages").json["messages"]

    def test_a_poison_order_dies_alone_with_its_cause_and_comes_back_after_the_fix(self):
        client = self.server.client()
        with client.events() as events:
            model = client.call("POST", "/orders", order(customerEmail="jo@example.com")).json["orderId"]
            self.assertEqual(events.wait_for(model)["status"], "COMPLETED")
        # The next id of the same millisecond: an order whose row is lost while its message is not.
        lost = next_id(model)
        body = {"orderId": lost, "createdAt": client.call("GET", f"/orders/{model}").json["createdAt"], "traceId": ""}
        self.change_books(lambda database: send(database, body))

        client = self.server.client()
        others = [client.call("POST", "/orders", order()).json["orderId"] for _ in range(5)]
        letters = eventually(self.dead_letters, len, "the dead letter")
        self.assertEqual([json.loads(letter["body"])["orderId"] for letter in letters], [lost], "alone")
        self.assertEqual(letters[0]["receiveCount"], 3)
        self.assertIn(f"there is no order {lost}", letters[0]["lastError"])
        shown = self.run_command("dlq", "show", DEAD, letters[0]["messageId"])
        self.assertIn(f"there is no order {lost}", shown)
        for other in others:
            eventually(lambda: client.call("GET", f"/orders/{other}").json["status"], lambda s: s == "COMPLETED",
                       "the end of the others")

        self.change_books(lambda database: restore(database, model, lost))
        self.assertEqual(len(self.dead_letters()), 1, "a dead letter waits for a person")
        self.run_command("dlq", "redrive", DEAD)
        client = self.server.client()
        eventually(lambda: client.call("GET", f"/orders/{lost}").json["status"], lambda s: s == "COMPLETED",
                   "the completion of the order that was lost")
        self.assertEqual(self.dead_letters(), [])

    def test_a_message_that_is_no_message_says_what_is_wrong_with_it(self):
        self.change_books(lambda database: send(database, {"orderId": 7}))
        letters = eventually(self.dead_letters, len, "the dead letter")
        self.assertIn("orderId", letters[0]["body"])
        self.assertRegex(letters[0]["lastError"], "invalid type.*line 1 column")

    def run_command(self, *arguments):
        command = [BINARY, *arguments, "--url", self.server.url, "--data", str(self.server.data)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, stdin=subprocess.DEVNULL)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout


def next_id(order_id):
    """The id after this one in its millisecond: its counter is the 12 bits after the version and 3 of those after it."""
    number = uuid.UUID(order_id).int
    key = key_of(order_id) + 1
    number &= ~(0xfff << 64) & ~(0x7 << 59)
    return str(uuid.UUID(int=number | (key >> 3 & 0xfff) << 64 | (key & 7) << 59))


def key_of(order_id):
    """The order's key in the table, as crates/embedded/src/orders/mod.rs has it."""
    number = uuid.UUID(order_id).int
    return (number >> 80) << 15 | (number >> 64 & 0xfff) << 3 | number >> 59 & 7


def send(database, body):
    """Puts a message on the queue of new orders, as order creation does."""
    queue = database.execute("SELECT id FROM names WHERE kind = 'queue' AND name = 'OrderProcessingQueue'").fetchone()[0]
    database.execute("INSERT INTO messages (seq, queue, body, trace, sent_at, visible_at) VALUES (1, ?, ?, '', ?, 0)",
                     (queue, json.dumps(body), int(time.time() * 1000)))


def restore(database, model, lost):
    """Puts the order back that was lost: like another one, and PENDING."""
    placed, customer = database.execute("SELECT placed, customer FROM orders WHERE key = ?", (key_of(model),)).fetchone()
    placed = placed.replace(model.encode(), lost.encode())
    database.execute("INSERT INTO orders (key, id, status, customer, placed, updated_at) VALUES (?, ?, 0, ?, ?, 0)",
                     (key_of(lost), uuid.UUID(lost).bytes, customer, placed))


if __name__ == "__main__":
    unittest.main()
