"""One definition: what the template says is what the server does, and a template with faults is told, not served."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from support import BINARY, DEADLINE_S, Server, enter

ROOT = pathlib.Path(__file__).resolve().parents[4]


class Template(unittest.TestCase):
    def setUp(self):
        directory = pathlib.Path(enter(tempfile.TemporaryDirectory(prefix="ordermill-e2e-"), self.addCleanup))
        self.data = directory / "data"
        self.template = directory / "template.yaml"
        shutil.copytree(ROOT / "workflows", directory / "workflows")
        shutil.copy(ROOT / "template.yaml", self.template)

    def change(self, pattern, replacement):
        """Changes what the pattern finds in the template, once."""
        text, count = re.subn(pattern, replacement, self.template.read_text(), count=1)
        self.assertEqual(count, 1, pattern)
        self.template.write_text(text)

    def serve(self):
        return enter(Server(self.data, "--template", str(self.template)), self.addCleanup)

    def test_another_usage_plan_is_another_quota(self):
        self.change(r"Limit: 5000\b", "Limit: 2")
        client = self.serve().client()
        answers = [client.call("GET", "/products") for _ in range(3)]
        self.assertEqual([answer.status for answer in answers], [200, 200, 429])
        self.assertEqual(answers[2].json["message"], "Limit Exceeded")
        self.assertGreater(int(answers[2].headers["Retry-After"]), 0)

    def test_another_receive_count_is_the_queues(self):
        self.change(r"maxReceiveCount: 3\b", "maxReceiveCount: 5")
        self.change(r"VisibilityTimeout: 180\b", "VisibilityTimeout: 240")
        server = self.serve()
        queues = server.client(server.key("admin")).call("GET", "/admin/queues").json["queues"]
        queue = next(q for q in queues if q["name"] == "OrderProcessingQueue")
        self.assertEqual((queue["maxReceiveCount"], queue["visibilityTimeoutS"]), (5, 240))

    def test_faults_are_told_with_their_place_and_nothing_is_served(self):
        self.change(r"maxReceiveCount: 3\b", "maxReceiveCount: many")
        self.assertIn("maxReceiveCount", self.refused())
        self.assertFalse(self.data.exists(), "a faulty template makes no data directory")

    def test_a_workflow_with_faults_is_refused(self):
        workflow = self.template.parent / "workflows" / "order.asl.json"
        workflow.write_text(workflow.read_text().replace('"Next": "CheckPaymentStatus"', '"Next": "Nowhere"'))
        self.assertIn("Nowhere", self.refused())

    def refused(self):
        command = [BINARY, "serve", "--data", str(self.data), "--listen", "127.0.0.1:0", "--template", str(self.template)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, stdin=subprocess.DEVNULL)
        self.assertEqual(result.returncode, 1, result.stderr)
        return result.stderr


if __name__ == "__main__":
    unittest.main()
