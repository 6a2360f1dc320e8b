"""The deployed system from outside: the seed's section 9 through the real pieces, and side by side with one machine.

Run by `cargo xtask aws-e2e`, which builds the functions and the server and starts the counterpart.
"""

import json
import os
import pathlib
import re
import sys
import tempfile
import unittest
import urllib.request

from deploy import ENDPOINT, ROOT, Deployment, client
from tally import Tally

sys.path.insert(0, str(ROOT / "crates/cli/tests/e2e"))
import support  # noqa: E402

MAIL_FROM = "shop@example.com"
DEPLOYED = None
TALLY = None


def setUpModule():
    global DEPLOYED, TALLY
    TALLY = Tally(int(os.environ["ORDERMILL_TALLY_PORT"]))
    client("sesv2").create_email_identity(EmailIdentity=MAIL_FROM)
    parameters = {"PaymentSuccessRate": '"1"', "MailFrom": f'"{MAIL_FROM}"', "SmsEnabled": '"true"'}
    DEPLOYED = Deployment(**parameters).deploy().complete()
    # Kept short, so that a poison message need not wait for three times 180 s.
    client("sqs").set_queue_attributes(QueueUrl=DEPLOYED.outputs["OrderProcessingQueueUrl"],
                                       Attributes={"VisibilityTimeout": "2"})
    for number in range(1, 4):
        DEPLOYED.put_product(f"PROD-{number:03}")
    DEPLOYED.put_product("PROD-OUT", stock=0, price=15.00)


def eventually(ask, holds, what):
    """The counterpart tells nobody of what happened, and is slower than the server."""
    return support.eventually(ask, holds, what, deadline_s=90, pause_s=0.2)


class DeployedTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.key = DEPLOYED.new_key()

    def place(self, key=None, headers=None, **changes):
        status, headers, body = DEPLOYED.call("POST", "/orders", support.order(**changes), headers, key or self.key)
        self.assertEqual(status, 201, body)
        return json.loads(body)

    def get(self, order_id):
        status, _, body = DEPLOYED.call("GET", f"/orders/{order_id}", key=self.key)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def ended(self, order_id):
        return eventually(lambda: self.get(order_id), lambda order: order["status"] in support.FINAL, f"the end of {order_id}")


class Journey(DeployedTest):
    """The seed's section 9."""

    def test_an_order_is_placed_with_the_stacks_key_and_completed_and_its_customer_told(self):
        placed = self.place(key=DEPLOYED.key(), customerEmail="customer@example.com", customerPhone="+14155550123")
        self.assertEqual((placed["status"], placed["totalAmount"]), ("PENDING", 59.98))
        self.assertEqual(self.ended(placed["orderId"])["status"], "COMPLETED")
        # The counterpart loses the attributes of what a workflow publishes, so the subscription's filter lets nothing of it
        # through (docs/ministack.md). The test publishes it as Step Functions would have.
        self.assertIn("SendSuccessNotification", DEPLOYED.states(placed["orderId"]))
        workflow = json.loads((ROOT / "workflows/order.asl.json").read_text())
        sent = workflow["States"]["SendSuccessNotification"]["Parameters"]
        message = {"orderId": placed["orderId"], "createdAt": placed["createdAt"], "customerId": placed["customerId"],
                   "status": sent["Message"]["status"], "message": sent["Message"]["message"], "totalAmount": "59.98",
                   "currency": "USD"}
        client("sns").publish(TopicArn=DEPLOYED.outputs["OrderNotificationTopicArn"], Message=json.dumps(message),
                              MessageAttributes=sent["MessageAttributes"])
        table = DEPLOYED.resources["OutboxTable"]
        told = eventually(
            lambda: [item for item in client("dynamodb").scan(TableName=table)["Items"]
                     if item["orderId"]["S"] == placed["orderId"]],
            lambda items: len(items) == 4 and all(item["state"]["S"] == "SENT" for item in items), "the notifications")
        self.assertEqual(sorted(item["messageKey"]["S"].split(":", 1)[1] for item in told),
                         ["COMPLETED:email", "COMPLETED:sms", "PROCESSING:email", "PROCESSING:sms"])
        subjects = [mail["Subject"] for mail in self.sent("ses/messages", placed["orderId"])]
        self.assertEqual(sorted(subject.split(" - ")[1] for subject in subjects), ["COMPLETED", "PROCESSING"])
        texts = self.sent("sns/sms-messages", placed["orderId"][:8])
        self.assertEqual({text["PhoneNumber"] for text in texts}, {"+14155550123"})

    def sent(self, what, naming):
        """The counterpart's records of what was sent that name this."""
        with urllib.request.urlopen(f"{ENDPOINT}/_ministack/{what}") as answer:
            found, left = [], [json.load(answer)]
        while left:
            value = left.pop()
            if isinstance(value, dict) and "MessageId" in value:
                found += [value] if naming in json.dumps(value) else []
            else:
                left += value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        return found

    def test_the_timeline_names_every_step(self):
        order_id = self.place()["orderId"]
        self.ended(order_id)
        _, _, body = DEPLOYED.call("GET", f"/orders/{order_id}/timeline", key=self.key)
        entered = [entry["detail"]["name"] for entry in json.loads(body)["timeline"]
                   if entry["event"].endswith("StateEntered")]
        self.assertEqual(entered, DEPLOYED.states(order_id))

    def test_a_repeat_with_its_key_is_the_same_order(self):
        headers = {"idempotency-key": "repeat-1"}
        first, again = self.place(headers=headers), self.place(headers=headers)
        self.assertEqual(first, again)
        status, _, body = DEPLOYED.call("POST", "/orders", support.order(customerId="CUST-002"), headers, self.key)
        self.assertEqual((status, json.loads(body)["type"]), (422, "/docs/errors/idempotency-key-reused"))
        # A message delivered twice starts nothing twice.
        attributes = {"orderId": first["orderId"], "createdAt": first["createdAt"]}
        self.ended(first["orderId"])
        before = DEPLOYED.states(first["orderId"])
        client("sqs").send_message(QueueUrl=DEPLOYED.outputs["OrderProcessingQueueUrl"],
                                   MessageBody=json.dumps(attributes))
        self.ended(self.place()["orderId"])
        self.assertEqual(DEPLOYED.states(first["orderId"]), before)

    def test_a_poison_message_goes_to_the_dead_letter_queue_alone(self):
        poison = json.dumps({"orderId": "01939f7c-8e00-7000-8000-000000000000", "createdAt": "2024-12-07T00:00:00.000Z"})
        sqs = client("sqs")
        sqs.send_message(QueueUrl=DEPLOYED.outputs["OrderProcessingQueueUrl"], MessageBody=poison)
        good = self.place()["orderId"]
        self.assertEqual(self.ended(good)["status"], "COMPLETED")
        dead = eventually(
            lambda: sqs.receive_message(QueueUrl=DEPLOYED.outputs["OrderProcessingDLQUrl"], VisibilityTimeout=600,
                                        MaxNumberOfMessages=10).get("Messages", []),
            lambda messages: messages, "the dead letter")
        self.assertEqual([message["Body"] for message in dead], [poison])


class Cost(DeployedTest):
    """What one order asks of AWS, which the costs in docs/aws.md are reckoned from."""

    def test_the_requests_of_an_order_are_the_ones_that_the_costs_are_reckoned_from(self):
        expected = json.loads((pathlib.Path(__file__).parent / "requests_per_order.json").read_text())
        TALLY.begin()
        order_id = self.place(headers={"idempotency-key": "counted"}, customerEmail="customer@example.com")["orderId"]
        # What reads the table's changes gets them in batches of any size, so its own requests are not always as many.
        counted = lambda: {name: count for name, count in TALLY.seen().items() if "AnalyticsTable" not in name}
        eventually(counted, lambda seen: seen == expected["functions"], "the requests of one order")
        eventually(lambda: DEPLOYED.history(order_id),
                   lambda events: any(event["type"] == "ExecutionSucceeded" for event in events), "its end")
        entered = DEPLOYED.states(order_id)
        self.assertEqual(len(entered), expected["states"])
        workflow = json.loads((ROOT / "workflows/order.asl.json").read_text())["States"]
        tasks = [workflow[name]["Resource"].rpartition(":::")[2] for name in entered if "Resource" in workflow[name]]
        self.assertEqual(sorted(tasks), expected["tasks"])
        self.assertEqual(self.get(order_id)["status"], "COMPLETED")
        read = {name: count - expected["functions"].get(name, 0) for name, count in counted().items()}
        self.assertEqual({name: count for name, count in read.items() if count}, expected["read"])


class Limits(DeployedTest):
    """A usage plan's throttle and quota."""

    def answers(self, key, count):
        return [DEPLOYED.call("GET", "/products", key=key) for _ in range(count)]

    def test_a_throttled_key_is_told_when_to_come_again(self):
        key = DEPLOYED.new_key(throttle={"rateLimit": 1, "burstLimit": 1})
        refused = [answer for answer in self.answers(key, 6) if answer[0] != 200]
        self.assertTrue(refused)
        status, headers, body = refused[0]
        self.assertEqual((status, json.loads(body)["type"]), (429, "/docs/errors/throttled"))
        self.assertEqual((headers["content-type"], headers["retry-after"]), ("application/problem+json", "1"))
        self.assertEqual(json.loads(body)["message"], "Too Many Requests")

    def test_a_spent_quota_is_told_apart_from_a_throttle(self):
        key = DEPLOYED.new_key(quota={"limit": 2, "period": "MONTH"})
        answers = self.answers(key, 3)
        self.assertEqual([status for status, _, _ in answers], [200, 200, 429])
        _, headers, body = answers[2]
        self.assertEqual((json.loads(body)["type"], json.loads(body)["message"]),
                         ("/docs/errors/quota-exceeded", "Limit Exceeded"))
        self.assertIn("retry-after", headers)


class SideBySide(DeployedTest):
    """The same requests to the local server and to the deployed interface; ids and times apart, the same answers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        directory = support.enter(tempfile.TemporaryDirectory(prefix="ordermill-aws-e2e-"), cls.addClassCleanup)
        server = support.Server(pathlib.Path(directory) / "data", "--payment-success-rate", "1")
        cls.server = support.enter(server, cls.addClassCleanup)
        cls.client = cls.server.client()

    # What differs by nature: ids, times, the stage in front of a path.
    APART = {"requestId", "traceId", "orderId", "createdAt", "updatedAt", "paymentId"}
    HEADERS = ("content-type", "allow", "idempotent-replayed", "access-control-allow-origin")
    PREFLIGHT = ("access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers",
                 "access-control-max-age")

    def normal(self, value):
        if isinstance(value, dict):
            return {name: "…" if name in self.APART else self.normal(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.normal(item) for item in value]
        if isinstance(value, str):
            return re.sub(r"^/prod(?=/)", "", value)
        return value

    def both(self, method, path, body=None, headers=None, key=True):
        here = support.Client(self.server.port, self.client.key if key else "").call(method, path, body, headers)
        status, there_headers, there = DEPLOYED.call(method, path, body, headers, self.key if key else None)
        # The counterpart fills in no `$context.path` (docs/ministack.md).
        there = there.replace(b"$context.path", path.partition("?")[0].encode())
        parsed = lambda text: self.normal(json.loads(text, parse_float=str)) if text else None
        shown = lambda headers: {name: headers.get(name) for name in self.HEADERS}
        return (here.status, shown(here.headers), parsed(here.body)), (status, shown(there_headers), parsed(there))

    def test_answers_agree(self):
        missing = "01939f7c-8e00-7000-8000-000000000000"
        line = {"productId": "PROD-001", "quantity": 1, "price": 29.99}
        json_type = {"content-type": "application/json"}
        cases = [
            ("POST", "/orders", support.order(), {"idempotency-key": "side-by-side"}, True),
            ("POST", "/orders", support.order(), {"idempotency-key": "side-by-side"}, True),
            ("POST", "/orders", support.order(customerId="CUST-002"), {"idempotency-key": "side-by-side"}, True),
            ("POST", "/orders", {}, None, True),
            ("POST", "/orders", [], None, True),
            ("POST", "/orders", b"{", json_type, True),
            ("POST", "/orders", b"hello", {"content-type": "text/plain"}, True),
            ("POST", "/orders", b'{"a":"' + b"x" * (300 << 10) + b'"}', json_type, True),
            ("POST", "/orders", support.order(items=[{**line, "price": 0.01}]), None, True),
            ("POST", "/orders", support.order(items=[{**line, "productId": "NONE"}]), None, True),
            ("POST", "/orders", support.order(items=[line, line], currency="XXX"), None, True),
            ("GET", "/orders", None, None, False),
            ("GET", "/orders?limit=0", None, None, True),
            ("GET", "/orders?cursor=nonsense", None, None, True),
            ("GET", f"/orders/{missing}", None, None, True),
            ("GET", f"/orders/{missing}/timeline", None, None, True),
            ("POST", f"/orders/{missing}/cancel", None, None, True),
            ("GET", "/products/NONE", None, None, True),
            ("DELETE", "/orders", None, None, True),
            ("PATCH", "/products/PROD-001", None, None, True),
            ("GET", "/nothing", None, None, True),
            ("GET", "/health", None, None, False),
        ]
        for method, path, body, headers, key in cases:
            with self.subTest(f"{method} {path} {str(body)[:60]}"):
                here, there = self.both(method, path, body, headers, key)
                self.assertEqual(here, there)

    def test_preflights_agree(self):
        headers = {"origin": "https://shop.example.com", "access-control-request-method": "POST"}
        for path in ["/orders", "/orders/1/timeline", "/orders/1/cancel", "/products/PROD-001", "/events"]:
            with self.subTest(path):
                here = support.Client(self.server.port, "").call("OPTIONS", path, None, headers)
                status, there, _ = DEPLOYED.call("OPTIONS", path, None, headers)
                # Lists, with a blank behind each comma or none.
                shown = lambda headers: {name: headers.get(name).replace(", ", ",") for name in self.PREFLIGHT}
                self.assertEqual((here.status, shown(here.headers)), (status, shown(there)))
                self.assertIsNotNone(there["access-control-allow-origin"])

    def test_an_operators_call_without_a_signature_changes_nothing(self):
        product = {"name": "PROD-001", "price": 0.01, "currency": "USD", "stock": 1}
        here, there = self.both("PUT", "/products/PROD-001", product)
        # API Gateway has one answer for a call without a signature and for a path that is not there (docs/aws.md).
        self.assertEqual((here[0], there[0]), (403, 404))
        here, there = self.both("GET", "/products/PROD-001")
        self.assertEqual((here[2]["price"], there[2]["price"]), ("29.99", "29.99"))

    def local_order(self, order, *options):
        """The states of an order on a machine of its own."""
        with tempfile.TemporaryDirectory(prefix="ordermill-aws-e2e-") as directory:
            with support.Server(pathlib.Path(directory) / "data", *options) as server:
                local, admin = server.client(), server.client(server.key("admin"))
                with local.events() as events:
                    order_id = local.call("POST", "/orders", order).json["orderId"]
                    image = events.wait_for(order_id)
                ended = support.eventually(lambda: admin.call("GET", f"/admin/executions/{order_id}").json,
                                           lambda it: it["status"] != "RUNNING", "the end of the execution")
                return image["status"], [event["stateEnteredEventDetails"]["name"] for event in ended["events"]
                                         if "stateEnteredEventDetails" in event]

    def deployed_order(self, order):
        order_id = self.place(**order)["orderId"]
        status = self.ended(order_id)["status"]
        arn = DEPLOYED.outputs["StateMachineArn"].replace(":stateMachine:", ":execution:") + f":{order_id}"
        eventually(lambda: client("stepfunctions").describe_execution(executionArn=arn)["status"],
                   lambda status: status != "RUNNING", "the end of the execution")
        return status, DEPLOYED.states(order_id)

    def test_the_three_timelines_take_the_same_way(self):
        out_of_stock = support.order(items=[{"productId": "PROD-OUT", "quantity": 1, "price": 15.00}])
        for name, rate, order, final, last in [
            ("completed", "1", support.order(), "COMPLETED", "SendSuccessNotification"),
            ("out of stock", "1", out_of_stock, "FAILED", "MarkOrderFailed"),
            ("declined", "0", support.order(), "FAILED", "MarkOrderFailed"),
        ]:
            with self.subTest(name):
                DEPLOYED.set_payments(rate)
                try:
                    there = self.deployed_order(order)
                finally:
                    DEPLOYED.set_payments("1")
                here = self.local_order(order, "--payment-success-rate", rate)
                self.assertEqual(here, there)
                self.assertEqual((here[0], here[1][-1]), (final, last))


if __name__ == "__main__":
    unittest.main()
