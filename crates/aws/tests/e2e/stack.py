"""The deployed stack that all tests share, and what they ask of it."""

import functools
import json
import os
import sys
import unittest

from deploy import ROOT, Deployment, client
from tally import Tally

sys.path.insert(0, str(ROOT / "crates/cli/tests/e2e"))
import support  # noqa: E402

MAIL_FROM = "shop@example.com"


@functools.cache
def tally():
    """What the functions ask of AWS. It has to listen before the first function calls."""
    return Tally(int(os.environ["ORDERMILL_TALLY_PORT"]))


@functools.cache
def deployed():
    """The stack, deployed when a test first asks for it."""
    tally()
    client("sesv2").create_email_identity(EmailIdentity=MAIL_FROM)
    parameters = {"PaymentSuccessRate": '"1"', "MailFrom": f'"{MAIL_FROM}"', "SmsEnabled": '"true"'}
    stack = Deployment(**parameters).deploy().complete()
    # Kept short, so that a poison message need not wait for three times 180 s.
    client("sqs").set_queue_attributes(QueueUrl=stack.outputs["OrderProcessingQueueUrl"],
                                       Attributes={"VisibilityTimeout": "2"})
    for number in range(1, 4):
        stack.put_product(f"PROD-{number:03}")
    stack.put_product("PROD-OUT", stock=0, price=15.00)
    return stack


def eventually(ask, holds, what):
    """The counterpart tells nobody of what happened, and is slower than the server."""
    return support.eventually(ask, holds, what, deadline_s=90, pause_s=0.2)


class DeployedTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = deployed()
        cls.key = cls.stack.new_key()

    def place(self, key=None, headers=None, **changes):
        status, headers, body = self.stack.call("POST", "/orders", support.order(**changes), headers, key or self.key)
        self.assertEqual(status, 201, body)
        return json.loads(body)

    def get(self, order_id):
        status, _, body = self.stack.call("GET", f"/orders/{order_id}", key=self.key)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def ended(self, order_id):
        return eventually(lambda: self.get(order_id), lambda order: order["status"] in support.FINAL, f"the end of {order_id}")
