"""What is counted and noted: in the form that Prometheus reads, by a parser that is not ours; under the names that AWS has for
it; and each call in the access log."""

import json
import os
import re
import subprocess
import unittest

from prometheus_client.parser import text_string_to_metric_families
from support import BINARY, ROOT, ServerTest, eventually, order

# Counted only when something goes wrong, which nothing does here.
RARE = {"Throttles", "Errors", "FunctionFailures", "5XXError", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted", "Refunds"}
TEMPLATE = (ROOT / "template.yaml").read_text()
DOCUMENT = (ROOT / "docs/observability.md").read_text()


def of_template():
    """Every metric of the template's dashboard and alarms, as (namespace, name)."""
    dashboard = re.findall(r'\["(AWS/\w+|OrderProcessingSystem)", "(\w+)"', TEMPLATE)
    searched = re.findall(r'\{(OrderProcessingSystem),\w+\} MetricName=\\"(\w+)\\"', TEMPLATE)
    alarms = re.findall(r"      Namespace: (\S+)\n      MetricName: (\S+)\n", TEMPLATE)
    assert dashboard and searched and alarms
    return set(dashboard + searched + alarms)


def table(heading):
    """The rows of the documentation's table after these words, each cell as the names in backticks that it has."""
    lines = DOCUMENT.split(heading, 1)[1].strip().splitlines()
    rows = [line for line in lines[: next((i for i, line in enumerate(lines) if not line), len(lines))]]
    return [[re.findall(r"`([^`]+)`", cell) for cell in row.strip("|").split("|")] for row in rows[2:]]


class Metrics(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.client.events() as events:
            placed = cls.client.call("POST", "/orders", order(customerEmail="jo@example.com"))
            events.wait_for(placed.json["orderId"])
        assert cls.client.call("POST", "/orders", order(items=[])).status == 400
        told = lambda: cls.admin.call("GET", "/admin/outbox").json["messages"]
        eventually(told, lambda messages: len(messages) == 2, "telling the customer")

    def local(self):
        """Every metric that the server counted so far."""
        series = self.admin.call("GET", "/admin/metrics").json["series"]
        return {(one["namespace"], one["name"]) for one in series}

    def test_prometheus_reads_them(self):
        text = self.client.call("GET", "/metrics").body.decode()
        families = list(text_string_to_metric_families(text))
        self.assertGreater(len(families), 20)
        self.assertEqual(len({family.name for family in families}), len(families), "a family in two parts")
        seen = set()
        for family in families:
            self.assertRegex(family.name, r"^ordermill_[a-z0-9_]+$")
            self.assertIn(family.type, {"counter", "gauge", "histogram"}, family)
            self.assertTrue(family.documentation, family)
            self.assertTrue(family.samples, family)
            for sample in family.samples:
                key = (sample.name, tuple(sorted(sample.labels.items())))
                self.assertNotIn(key, seen)
                seen.add(key)
            if family.type == "histogram":
                self.check_histogram(family)

    def check_histogram(self, family):
        """Buckets only grow, and the last is the count."""
        by_series = {}
        for sample in family.samples:
            labels = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "le"))
            series = by_series.setdefault(labels, {"buckets": []})
            if sample.name.endswith("_bucket"):
                series["buckets"].append((float(sample.labels["le"]), sample.value))
            else:
                series[sample.name.rsplit("_", 1)[1]] = sample.value
        for series in by_series.values():
            self.assertEqual(series["buckets"], sorted(series["buckets"]), family.name)
            counts = [count for _, count in series["buckets"]]
            self.assertEqual(counts, sorted(counts), family.name)
            self.assertEqual(series["buckets"][-1], (float("inf"), series["count"]), family.name)
            self.assertIn("sum", series)

    def test_what_the_dashboard_and_the_alarms_look_at_is_counted_here_too(self):
        only_on_aws = {name for cells in table("Only on AWS:") for name in cells[0]}
        self.assertIn("ConsumedReadCapacityUnits", only_on_aws)
        wanted = {(ns, name) for ns, name in of_template() if name not in only_on_aws}
        local = eventually(self.local, lambda local: not missing(wanted, local), "counting what the template names")
        self.assertEqual(missing(wanted, local), set())
        # What is rare is counted under its name all the same.
        sources = "".join(path.read_text() for path in (ROOT / "crates").glob("*/src/**/*.rs"))
        self.assertEqual({name for name in RARE if f'"{name}"' not in sources}, set())
        # Nothing that is said to be only on AWS is counted here.
        self.assertEqual({name for _, name in local} & only_on_aws, set())

    def test_the_documentation_names_what_the_template_and_the_server_have(self):
        rows = table("## Both engines")
        documented = {name for cells in rows + table("Only on AWS:") for cell in cells for name in cell}
        of_aws = {name for _, name in of_template()}
        self.assertEqual(of_aws - documented, set())
        local = eventually(
            self.local, lambda local: ("OrderProcessingSystem", "OrdersPerHour") in local, "the hour's figures"
        )
        self.assertEqual({name for _, name in local} - documented, set())
        # A row's namespace is the one that its metrics have.
        spaces = dict.fromkeys({space for cells in rows for space in cells[1] if space.startswith("AWS/")})
        self.assertLessEqual({"AWS/Lambda", "AWS/SQS", "AWS/SNS", "AWS/States", "AWS/ApiGateway"}, set(spaces))
        for cells in rows:
            for space in spaces.keys() & set(cells[1]):
                self.assertLessEqual({ns for ns, name in local if name in cells[0]}, {space}, cells)

    def test_each_call_is_one_line_of_the_access_log_with_the_fields_of_the_template(self):
        answer = self.server.client("wrong").call("GET", "/orders/nothing")
        self.assertEqual(answer.status, 403)
        fields = "requestId, data.apiKeyId, data.method, data.path, data.status, data.error, data.latencyMs, data.bytes"
        query = f'fields {fields} | filter event_type = "request"'
        command = [BINARY, "logs", "--query", query, "--output", "json"]
        environment = {**os.environ, "ORDERMILL_URL": self.server.url, "ORDERMILL_ADMIN_KEY": self.admin.key}
        told = json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)
        lines = [dict(zip(told["columns"], row["values"])) for row in told["rows"]]
        [refused] = [line for line in lines if line["requestId"] == answer.headers["x-amzn-requestid"]]
        self.assertEqual((refused["data.status"], refused["data.error"]), (403, "forbidden"))
        self.assertEqual((refused["data.path"], refused["data.apiKeyId"]), ("/orders/nothing", None))
        [placed] = [line for line in lines if line["data.status"] == 201]
        self.assertEqual((placed["data.method"], placed["data.path"]), ("POST", "/orders"))
        self.assertRegex(placed["data.apiKeyId"], "^key_")
        self.assertGreater(placed["data.bytes"], 100)
        # What the template asks for is there; the trace and the time stand at the head of every line.
        wanted = set(re.findall(r'"(\w+)":"\$context', TEMPLATE.split("AccessLogSetting:", 1)[1].split("CustomersUserPool", 1)[0]))
        self.assertEqual(wanted - {"traceId", "time"}, {name.removeprefix("data.") for name in told["columns"]})

    def test_the_alarms_are_those_of_the_template(self):
        alarms = {alarm["name"]: alarm for alarm in self.admin.call("GET", "/admin/alarms").json["alarms"]}
        declared = set(re.findall(r"^  (\w+):\n    Type: AWS::CloudWatch::Alarm", TEMPLATE, re.MULTILINE))
        self.assertEqual(set(alarms), declared)
        errors = alarms["OrderProcessingErrorAlarm"]
        self.assertEqual((errors["metric"], errors["threshold"], errors["periodS"]), ("Errors", "10", 300), errors)


def missing(wanted, local):
    return {(ns, name) for ns, name in wanted - local if name not in RARE}


if __name__ == "__main__":
    unittest.main()
