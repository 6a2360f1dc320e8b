"""An order's way as a client sees it: placed, followed, read again, repeated, listed, cancelled."""

import threading
import unittest
import uuid

from support import ServerTest, eventually, order


class Orders(ServerTest):
    def test_an_order_is_placed_and_completed(self):
        with self.client.events() as events:
            placed = self.client.call("POST", "/orders", order(customerEmail="jo@example.com"))
            self.assertEqual(placed.status, 201, placed)
            order_id = placed.json["orderId"]
            self.assertEqual(placed.headers["Location"].rsplit("/", 1)[-1], order_id)
            self.assertEqual(placed.json["status"], "PENDING")
            self.assertEqual(placed.json["totalAmount"], "59.98")
            ended = events.wait_for(order_id)
        self.assertEqual(ended["status"], "COMPLETED", ended)
        read = self.client.call("GET", f"/orders/{order_id}")
        self.assertEqual(read.status, 200)
        self.assertEqual(read.json["status"], "COMPLETED")
        self.assertTrue(read.json["paymentId"])
        self.assert_told(order_id, "jo@example.com")

    def assert_told(self, order_id, address):
        """The customer's mails are handed over: that it is processed, and that it is complete."""

        def mails():
            messages = self.admin.call("GET", "/admin/outbox").json["messages"]
            return [m for m in messages if m["orderId"] == order_id]

        sent = eventually(mails, lambda sent: len(sent) >= 2, "telling the customer")
        self.assertEqual({m["recipient"] for m in sent}, {address})

    def test_the_timeline_tells_the_whole_way_in_time_order(self):
        order_id = self.complete(order())
        timeline = self.client.call("GET", f"/orders/{order_id}/timeline").json["timeline"]
        self.assertEqual([e["at"] for e in timeline], sorted(e["at"] for e in timeline))
        sources = {entry["source"] for entry in timeline}
        self.assertLessEqual({"order", "queue", "execution", "payment", "stock"}, sources)
        states = [e["detail"].get("name") for e in timeline if e["event"] == "TaskStateEntered"]
        self.assertEqual(states[:3], ["ValidateOrder", "ProcessPayment", "UpdateInventory"])

    def test_stock_is_taken(self):
        stock = lambda: self.client.call("GET", "/products/PROD-002").json["stock"]
        price = float(self.client.call("GET", "/products/PROD-002").json["price"])
        before = stock()
        self.complete(order(items=[{"productId": "PROD-002", "quantity": 3, "price": price}]))
        self.assertEqual(stock(), before - 3)

    def test_the_same_key_and_body_give_the_first_answer_again(self):
        headers = {"idempotency-key": str(uuid.uuid4())}
        first = self.client.call("POST", "/orders", order(), headers)
        again = self.client.call("POST", "/orders", order(), headers)
        self.assertEqual((first.status, again.status), (201, 201), again)
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.assertIsNone(first.headers["Idempotent-Replayed"])
        self.assertEqual(first.json, again.json)
        other = self.client.call("POST", "/orders", order(customerId="CUST-002"), headers)
        self.assert_problem(other, 422, "idempotency-key-reused")

    def test_many_clients_with_one_key_get_one_order(self):
        headers = {"idempotency-key": str(uuid.uuid4())}
        answers = []

        def place():
            # While the first is in flight the answer is 409, and the client tries again.
            call = lambda: self.client.call("POST", "/orders", order(), headers)
            answers.append(eventually(call, lambda a: a.status != 409, "an answer"))

        threads = [threading.Thread(target=place) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual({a.status for a in answers}, {201}, answers)
        self.assertEqual(len({a.json["orderId"] for a in answers}), 1)

    def test_the_list_goes_on_where_its_cursor_stands(self):
        customer = f"CUST-{uuid.uuid4()}"
        placed = [self.client.call("POST", "/orders", order(customerId=customer)).json["orderId"] for _ in range(7)]
        listed, cursor = [], ""
        while True:
            page = self.client.call("GET", f"/orders?customerId={customer}&limit=3{cursor}").json
            self.assertLessEqual(len(page["orders"]), 3)
            listed += [o["orderId"] for o in page["orders"]]
            if "nextCursor" not in page:
                break
            cursor = f"&cursor={page['nextCursor']}"
        self.assertEqual(listed, placed[::-1])

    def test_an_order_that_ended_can_not_be_cancelled(self):
        order_id = self.complete(order())
        answer = self.client.call("POST", f"/orders/{order_id}/cancel")
        self.assert_problem(answer, 409, "order-ended")

    def test_the_change_feed_can_be_read_in_pages(self):
        order_id = self.complete(order())
        seen, after = [], 0
        while page := self.client.call("GET", f"/events?after={after}&limit=50").json["events"]:
            after = page[-1]["sequenceNumber"]
            seen += [e["newImage"]["status"] for e in page if e["newImage"]["orderId"] == order_id]
        self.assertEqual([status for i, status in enumerate(seen) if i == 0 or seen[i - 1] != status],
                         ["PENDING", "PROCESSING", "COMPLETED"])

    def complete(self, body):
        with self.client.events() as events:
            order_id = self.client.call("POST", "/orders", body).json["orderId"]
            self.assertEqual(events.wait_for(order_id)["status"], "COMPLETED")
        return order_id


class SlowPayments(ServerTest):
    """A gateway that takes its time leaves room to cancel."""

    options = ("--payment-success-rate", "1", "--payment-delay-ms", "500")

    def test_a_cancelled_order_gets_back_what_it_took(self):
        # One that is cancelled before the gateway is asked is not charged at all, so the customer looks longer each time.
        for looks in range(0, 200, 20):
            if self.is_charged_and_cancelled(looks):
                return
        self.fail("no order was charged before it was cancelled")

    def is_charged_and_cancelled(self, looks):
        """Cancels an order after so many looks at it; returns whether there was money to give back."""
        stock = lambda: self.client.call("GET", "/products/PROD-001").json["stock"]
        before = stock()
        with self.client.events() as events:
            order_id = self.client.call("POST", "/orders", order()).json["orderId"]
            events.wait_for(order_id, {"PROCESSING"})
            for _ in range(looks):
                self.client.call("GET", f"/orders/{order_id}")
            cancelled = self.client.call("POST", f"/orders/{order_id}/cancel")
            self.assertEqual(cancelled.status, 200, cancelled)
            self.assertEqual(cancelled.json["status"], "CANCELLED")
        path = f"/admin/executions/{order_id}"
        execution = eventually(
            lambda: self.admin.call("GET", path), lambda a: a.status == 200 and a.json["status"] != "RUNNING",
            "the end of the execution")
        self.assertEqual(execution.json["status"], "SUCCEEDED", execution)
        self.assertEqual(self.client.call("GET", f"/orders/{order_id}").json["status"], "CANCELLED")
        self.assertEqual(stock(), before)
        payments = [e["event"].upper() for e in self.timeline(order_id) if e["source"] == "payment"]
        refunds = [event for event in payments if "REFUND" in event]
        self.assertEqual(len(payments), 2 * len(refunds), payments)
        return bool(refunds)

    def timeline(self, order_id):
        return self.client.call("GET", f"/orders/{order_id}/timeline").json["timeline"]


class DeclinedPayments(ServerTest):
    options = ("--payment-success-rate", "0")

    def test_a_declined_payment_fails_the_order_and_takes_nothing(self):
        stock = lambda: self.client.call("GET", "/products/PROD-001").json["stock"]
        before = stock()
        with self.client.events() as events:
            order_id = self.client.call("POST", "/orders", order()).json["orderId"]
            ended = events.wait_for(order_id)
        self.assertEqual(ended["status"], "FAILED")
        self.assertTrue(ended["failureReason"])
        self.assertEqual(stock(), before)


if __name__ == "__main__":
    unittest.main()
