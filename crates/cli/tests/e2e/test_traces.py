"""Traces sent on by OTLP: to a collector that nobody here wrote, and to one that isn't there."""

import json
import os
import pathlib
import tempfile
import unittest
from unittest import mock

from collector import Collector, free_port
from support import Server, enter, eventually, order

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
# The seed's way of an order that succeeds, as the workflow has it.
STATES = {"ValidateOrder", "ProcessPayment", "UpdateInventory", "UpdateOrderStatus", "SendSuccessNotification"}


class Traces(unittest.TestCase):
    def serve(self, environment, *options):
        directory = enter(tempfile.TemporaryDirectory(prefix="ordermill-e2e-"), self.addCleanup)
        with mock.patch.dict(os.environ, environment):
            server = Server(pathlib.Path(directory) / "data", "--payment-success-rate", "1", *options)
            return enter(server, self.addCleanup)

    def complete(self, server):
        """An order placed by a caller who keeps its own trace, seen through to the customer's last mail."""
        client, admin = server.client(), server.client(server.key("admin"))
        headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
        with client.events() as events:
            placed = client.call("POST", "/orders", order(customerEmail="jo@example.com"), headers)
            self.assertEqual(placed.status, 201, placed)
            order_id = placed.json["orderId"]
            self.assertEqual(events.wait_for(order_id)["status"], "COMPLETED")

        def told():
            trace = admin.call("GET", f"/admin/orders/{order_id}/trace").json
            return [span for span in trace["spans"] if span["name"] == "Send"]

        # The mails that it is processed, and that it is complete.
        eventually(told, lambda sent: len(sent) == 2, "telling the customer")
        return order_id, admin.call("GET", f"/admin/orders/{order_id}/trace").json["spans"]

    def test_a_collector_gets_the_whole_trace(self):
        collector = Collector(self.addCleanup)
        server = self.serve({"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint})
        order_id, told = self.complete(server)
        self.assertEqual(server.stop(), 0)
        spans = [span for span in collector.spans() if span["Trace ID"] == TRACE]
        by_id = {span["ID"]: span for span in spans}
        self.assertEqual(len(by_id), len(spans), "a span was sent twice")
        names = {span["Name"] for span in spans}
        self.assertLessEqual({"POST /orders", "validate_input", "PutItem", "SendMessage", "Charge", "Send"}, names)
        self.assertLessEqual(STATES | {f"{state} attempt 1" for state in STATES}, names)
        # The request's parent is its caller's span; every other span hangs below one that was sent.
        request = next(span for span in spans if span["Name"] == "POST /orders")
        self.assertEqual((request["Parent ID"], request["Kind"]), (PARENT, "SPAN_KIND_SERVER"))
        lost = [span for span in spans if span is not request and span["Parent ID"] not in by_id]
        self.assertEqual(lost, [])
        self.assertLess(request["Start"], request["End"])
        # What the server itself tells is there. It was asked before the last span had ended.
        sent = {(span["ID"], span["Name"]) for span in spans}
        self.assertLessEqual({(span["spanId"], span["name"]) for span in told}, sent)
        self.assertIn(order_id, {span["attributes"].get("ordermill.order.id") for span in spans})
        services = {span["resource"]["service.name"] for span in spans}
        self.assertLessEqual({"orders-api", "order-creation", "order-processing", "order-notification"}, services)

    def test_json_and_a_name_for_all_of_it(self):
        collector = Collector(self.addCleanup)
        environment = {"OTEL_SERVICE_NAME": "shop", "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test%201"}
        options = ("--otlp-endpoint", collector.endpoint, "--otlp-protocol", "http/json")
        server = self.serve(environment, *options)
        _, told = self.complete(server)
        self.assertEqual(server.stop(), 0)
        spans = [span for span in collector.spans() if span["Trace ID"] == TRACE]
        self.assertLessEqual({span["spanId"] for span in told}, {span["ID"] for span in spans})
        for span in spans:
            self.assertEqual(span["resource"]["service.name"], "shop")
            self.assertEqual(span["resource"]["deployment.environment.name"], "test 1")

    def test_without_the_collector_orders_go_on_and_no_secret_is_logged(self):
        secret = "s3cret-of-the-collector"
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
            "OTEL_EXPORTER_OTLP_HEADERS": f"api-key={secret}",
        }
        server = self.serve(environment, "--log-format", "json", "--log", "trace")
        self.complete(server)
        self.assertEqual(server.stop(), 0)
        lines = [json.loads(line) for line in server.log if line.startswith("{")]
        failures = [line for line in lines if line["event_type"] == "otlp_export_failed"]
        self.assertEqual(len(failures), 1, failures)
        self.assertNotIn(secret, "".join(server.log))

    def test_what_can_be_sent_to_nobody_is_refused_at_the_start(self):
        for environment in (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "127.0.0.1:4318"},
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_EXPORTER_OTLP_HEADERS": "s3cret"},
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        ):
            with self.assertRaises(AssertionError) as refused:
                self.serve(environment)
            self.assertNotIn("s3cret", str(refused.exception))
            self.assertRegex(str(refused.exception), "endpoint|OTEL_EXPORTER_OTLP_HEADERS|grpc")


if __name__ == "__main__":
    unittest.main()
