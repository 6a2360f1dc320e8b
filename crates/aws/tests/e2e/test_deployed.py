"""The deployed system from outside: the seed's section 9 through the real pieces.

Run by `cargo xtask aws-e2e`, which builds the functions and the server and starts the counterpart.
"""

import json
import pathlib
import unittest
import urllib.request

import stack
import support
from deploy import ENDPOINT, ROOT, client
from stack import DeployedTest, eventually, tally


def setUpModule():
    stack.deployed()


class Journey(DeployedTest):
    """The seed's section 9."""

    def test_an_order_is_placed_with_the_stacks_key_and_completed_and_its_customer_told(self):
        placed = self.place(key=self.stack.key(), customerEmail="customer@example.com", customerPhone="+14155550123")
        self.assertEqual((placed["status"], placed["totalAmount"]), ("PENDING", 59.98))
        self.assertEqual(self.ended(placed["orderId"])["status"], "COMPLETED")
        # The counterpart loses the attributes of what a workflow publishes, so the subscription's filter lets nothing of it
        # through (docs/ministack.md). The test publishes it as Step Functions would have.
        self.assertIn("SendSuccessNotification", self.stack.states(placed["orderId"]))
        workflow = json.loads((ROOT / "workflows/order.asl.json").read_text())
        sent = workflow["States"]["SendSuccessNotification"]["Parameters"]
        message = {"orderId": placed["orderId"], "createdAt": placed["createdAt"], "customerId": placed["customerId"],
                   "status": sent["Message"]["status"], "message": sent["Message"]["message"], "totalAmount": "59.98",
                   "currency": "USD"}
        client("sns").publish(TopicArn=self.stack.outputs["OrderNotificationTopicArn"], Message=json.dumps(message),
                              MessageAttributes=sent["MessageAttributes"])
        table = self.stack.resources["OutboxTable"]
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
        _, _, body = self.stack.call("GET", f"/orders/{order_id}/timeline", key=self.key)
        entered = [entry["detail"]["name"] for entry in json.loads(body)["timeline"]
                   if entry["event"].endswith("StateEntered")]
        self.assertEqual(entered, self.stack.states(order_id))

    def test_a_repeat_with_its_key_is_the_same_order(self):
        headers = {"idempotency-key": "repeat-1"}
        first, again = self.place(headers=headers), self.place(headers=headers)
        self.assertEqual(first, again)
        status, _, body = self.stack.call("POST", "/orders", support.order(customerId="CUST-002"), headers, self.key)
        self.assertEqual((status, json.loads(body)["type"]), (422, "/docs/errors/idempotency-key-reused"))
        # A message delivered twice starts nothing twice.
        attributes = {"orderId": first["orderId"], "createdAt": first["createdAt"]}
        self.ended(first["orderId"])
        before = self.stack.states(first["orderId"])
        client("sqs").send_message(QueueUrl=self.stack.outputs["OrderProcessingQueueUrl"],
                                   MessageBody=json.dumps(attributes))
        self.ended(self.place()["orderId"])
        self.assertEqual(self.stack.states(first["orderId"]), before)

    def test_a_poison_message_goes_to_the_dead_letter_queue_alone(self):
        poison = json.dumps({"orderId": "01939f7c-8e00-7000-8000-000000000000", "createdAt": "2024-12-07T00:00:00.000Z"})
        sqs = client("sqs")
        sqs.send_message(QueueUrl=self.stack.outputs["OrderProcessingQueueUrl"], MessageBody=poison)
        good = self.place()["orderId"]
        self.assertEqual(self.ended(good)["status"], "COMPLETED")
        dead = eventually(
            lambda: sqs.receive_message(QueueUrl=self.stack.outputs["OrderProcessingDLQUrl"], VisibilityTimeout=600,
                                        MaxNumberOfMessages=10).get("Messages", []),
            lambda messages: messages, "the dead letter")
        self.assertEqual([message["Body"] for message in dead], [poison])


class Cost(DeployedTest):
    """What one order asks of AWS, which the costs in docs/aws.md are reckoned from."""

    def test_the_requests_of_an_order_are_the_ones_that_the_costs_are_reckoned_from(self):
        expected = json.loads((pathlib.Path(__file__).parent / "requests_per_order.json").read_text())
        tally().begin()
        order_id = self.place(headers={"idempotency-key": "counted"}, customerEmail="customer@example.com")["orderId"]
        # What reads the table's changes gets them in batches of any size, so its own requests are not always as many.
        counted = lambda: {name: count for name, count in tally().seen().items() if "AnalyticsTable" not in name}
        eventually(counted, lambda seen: seen == expected["functions"], "the requests of one order")
        eventually(lambda: self.stack.history(order_id),
                   lambda events: any(event["type"] == "ExecutionSucceeded" for event in events), "its end")
        entered = self.stack.states(order_id)
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
        return [self.stack.call("GET", "/products", key=key) for _ in range(count)]

    def test_a_throttled_key_is_told_when_to_come_again(self):
        key = self.stack.new_key(throttle={"rateLimit": 1, "burstLimit": 1})
        refused = [answer for answer in self.answers(key, 6) if answer[0] != 200]
        self.assertTrue(refused)
        status, headers, body = refused[0]
        self.assertEqual((status, json.loads(body)["type"]), (429, "/docs/errors/throttled"))
        self.assertEqual((headers["content-type"], headers["retry-after"]), ("application/problem+json", "1"))
        self.assertEqual(json.loads(body)["message"], "Too Many Requests")

    def test_a_spent_quota_is_told_apart_from_a_throttle(self):
        key = self.stack.new_key(quota={"limit": 2, "period": "MONTH"})
        answers = self.answers(key, 3)
        self.assertEqual([status for status, _, _ in answers], [200, 200, 429])
        _, headers, body = answers[2]
        self.assertEqual((json.loads(body)["type"], json.loads(body)["message"]),
                         ("/docs/errors/quota-exceeded", "Limit Exceeded"))
        self.assertIn("retry-after", headers)


if __name__ == "__main__":
    unittest.main()
