"""The same three orders on a machine of their own and on the stack: the same way through the workflow."""

import pathlib
import tempfile
import unittest

# `stack` makes `support` findable.
from stack import DeployedTest, eventually
import support
from deploy import client


class Workflows(DeployedTest):
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
        arn = self.stack.outputs["StateMachineArn"].replace(":stateMachine:", ":execution:") + f":{order_id}"
        eventually(lambda: client("stepfunctions").describe_execution(executionArn=arn)["status"],
                   lambda status: status != "RUNNING", "the end of the execution")
        return status, self.stack.states(order_id)

    def test_the_three_timelines_take_the_same_way(self):
        out_of_stock = support.order(items=[{"productId": "PROD-OUT", "quantity": 1, "price": 15.00}])
        for name, rate, order, final, last in [
            ("completed", "1", support.order(), "COMPLETED", "SendSuccessNotification"),
            ("out of stock", "1", out_of_stock, "FAILED", "MarkOrderFailed"),
            ("declined", "0", support.order(), "FAILED", "MarkOrderFailed"),
        ]:
            with self.subTest(name):
                self.stack.set_payments(rate)
                try:
                    there = self.deployed_order(order)
                finally:
                    self.stack.set_payments("1")
                here = self.local_order(order, "--payment-success-rate", rate)
                self.assertEqual(here, there)
                self.assertEqual((here[0], here[1][-1]), (final, last))


if __name__ == "__main__":
    unittest.main()
