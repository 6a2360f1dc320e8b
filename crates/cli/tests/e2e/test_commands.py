"""The commands of the binary against a running server: their data, and their exit codes."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from support import BINARY, DEADLINE_S, ServerTest, order

DONE, FAILED, USAGE, NOT_FOUND, REFUSED, UNREACHABLE = range(6)


class Commands(ServerTest):
    def run_command(self, *arguments, expect=DONE, stdin=None, url=None):
        """Runs a command and returns its standard output."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ORDERMILL_")}
        environment["ORDERMILL_URL"] = url or self.server.url
        environment["ORDERMILL_DATA"] = str(self.server.data)
        result = subprocess.run([BINARY, *arguments], input=stdin, env=environment, capture_output=True, text=True,
                                timeout=DEADLINE_S, stdin=subprocess.DEVNULL if stdin is None else None)
        self.assertEqual(result.returncode, expect, (arguments, result.stdout, result.stderr))
        self.stderr = result.stderr
        return result.stdout

    def run_json(self, *arguments, **how):
        return json.loads(self.run_command(*arguments, "--output", "json", **how), parse_float=str)

    def test_an_order_is_placed_by_items_and_waited_for(self):
        done = self.run_json("orders", "place", "--customer", "CUST-CLI", "--item", "PROD-001=2", "--wait")
        self.assertEqual(done["order"]["status"], "COMPLETED")
        self.assertEqual(done["order"]["totalAmount"], "59.98")
        self.assertTrue(done["timeline"])
        order_id = done["order"]["orderId"]
        self.assertEqual(self.run_json("orders", "show", order_id)["orderId"], order_id)
        self.assertIn(order_id, self.run_command("orders", "list", "--customer", "CUST-CLI", "--status", "COMPLETED"))
        self.assertIn("ProcessPayment", self.run_command("orders", "show", order_id, "--timeline"))
        self.run_command("orders", "cancel", order_id, expect=REFUSED)
        self.assertIn("ProcessPayment", self.run_command("executions", "show", order_id))
        executions = self.run_json("executions", "list", "--status", "succeeded")["executions"]
        self.assertIn(order_id, [e["name"] for e in executions])
        self.run_command("executions", "redrive", order_id, expect=REFUSED)

    def test_an_order_is_placed_from_standard_input_once(self):
        arguments = ("orders", "place", "--file", "-", "--idempotency-key", "cli-1")
        first = self.run_json(*arguments, stdin=json.dumps(order()))
        again = self.run_json(*arguments, stdin=json.dumps(order()))
        self.assertEqual(first["orderId"], again["orderId"])
        self.run_command(*arguments, stdin=json.dumps(order(customerId="other")), expect=REFUSED)
        self.run_command("orders", "place", "--file", "-", stdin="{", expect=USAGE)
        self.run_command("orders", "place", "--file", "-", stdin="{}", expect=REFUSED)
        self.assertIn("/customerId", self.stderr)

    def test_exit_codes_tell_what_went_wrong(self):
        self.run_command("orders", "show", "01939f7c-8e00-7000-8000-000000000000", expect=NOT_FOUND)
        self.run_command("orders", "list", "--api-key", "wrong", expect=REFUSED)
        self.run_command("orders", "list", "--status", "DONE", expect=USAGE)
        self.run_command("orders", "list", url="http://127.0.0.1:1", expect=UNREACHABLE)
        self.run_command("nonsense", expect=USAGE)

    def test_products_are_listed_written_and_imported(self):
        self.run_command("products", "put", "CLI-1", "--name", "Tea pot", "--price", "34.50", "--stock", "7")
        listed = {p["productId"]: p for p in self.run_json("products", "list")["products"]}
        self.assertEqual((listed["CLI-1"]["price"], listed["CLI-1"]["stock"]), ("34.50", 7))
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory) / "catalogue.csv"
            file.write_text("productId,name,price,currency,stock\nCLI-2,Cup,5.00,USD,1\nCLI-3,Plate,-1,USD,x\n")
            refused = self.run_json("products", "import", str(file), expect=FAILED)
            self.assertEqual([(f["line"]) for f in refused["faults"]], [3, 3])
            self.assertEqual(refused["imported"], 0)
            file.write_text("productId,name,price,currency,stock\nCLI-2,Cup,5.00,USD,1\nCLI-3,Plate,6.5,USD,9\n")
            self.assertEqual(self.run_json("products", "import", str(file), "--dry-run")["imported"], 0)
            self.assertEqual(self.run_json("products", "import", str(file))["imported"], 2)
        line = json.dumps({"productId": "CLI-4", "name": "Fork", "price": 2, "currency": "USD", "stock": 3})
        self.assertEqual(self.run_json("products", "import", "-", "--format", "jsonl", stdin=line)["imported"], 1)
        self.assertIn("CLI-4", self.run_command("products", "list"))

    def test_keys_are_made_used_and_revoked(self):
        made = self.run_json("keys", "create", "--name", "cli", "--rate", "5", "--burst", "5", "--quota", "2")
        self.assertEqual(made["name"], "cli")
        client = self.server.client(made["key"])
        self.assertEqual([client.call("GET", "/products").status for _ in range(3)], [200, 200, 429])
        self.assertEqual(self.run_json("keys", "usage", "cli")["used"], 3)
        keys = self.run_command("keys", "list")
        self.assertIn("cli", keys)
        self.assertNotIn(made["key"], keys)
        self.run_command("keys", "create", "--name", "cli", expect=REFUSED)
        self.run_command("keys", "revoke", "cli")
        self.assertEqual(client.call("GET", "/products").status, 403)
        self.run_command("keys", "revoke", "cli", expect=NOT_FOUND)

    def test_dead_letter_queues_are_listed_and_purging_asks(self):
        queues = [q["name"] for q in self.run_json("dlq", "list")["queues"]]
        self.assertIn("OrderProcessingDLQ", queues)
        self.assertEqual(self.run_json("dlq", "list", "OrderProcessingDLQ")["messages"], [])
        self.assertEqual(self.run_json("dlq", "redrive", "OrderProcessingDLQ")["redriven"], 0)
        self.run_command("dlq", "purge", "OrderProcessingDLQ", expect=USAGE)
        self.assertEqual(self.run_json("dlq", "purge", "OrderProcessingDLQ", "--yes")["purged"], 0)
        self.run_command("dlq", "show", "OrderProcessingDLQ", "1", expect=NOT_FOUND)
        self.run_command("dlq", "list", "NoSuchQueue", expect=NOT_FOUND)


if __name__ == "__main__":
    unittest.main()
