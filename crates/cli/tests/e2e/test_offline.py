"""The commands that need no server."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

from support import BINARY, DEADLINE_S

ROOT = pathlib.Path(__file__).resolve().parents[4]
WORKFLOW = str(ROOT / "workflows" / "order.asl.json")


def run(*arguments, stdin=""):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ORDERMILL_")}
    return subprocess.run([BINARY, *arguments], input=stdin, env=environment, capture_output=True, text=True,
                          timeout=DEADLINE_S)


class Offline(unittest.TestCase):
    def test_the_demo_plays_all_three_timelines(self):
        demo = run("demo", "--output", "json")
        self.assertEqual(demo.returncode, 0, demo)
        scenarios = {s["scenario"]: s for s in json.loads(demo.stdout)["scenarios"]}
        self.assertEqual({name: s["status"] for name, s in scenarios.items()},
                         {"success": "COMPLETED", "payment_declined": "FAILED", "out_of_stock": "FAILED"})
        for name, scenario in scenarios.items():
            self.assertTrue(all(step["measuredMs"] is not None for step in scenario["steps"]), name)
        payments = lambda name: [e["event"] for e in scenarios[name]["timeline"] if e["source"] == "payment"]
        self.assertEqual(payments("success"), ["CHARGED"])
        self.assertEqual(payments("payment_declined"), ["DECLINED"])
        self.assertEqual(payments("out_of_stock"), ["CHARGED", "REFUNDED"])

    def test_the_demo_is_plain_text_where_there_is_no_terminal(self):
        demo = run("demo")
        self.assertNotIn("\x1b", demo.stdout + demo.stderr)
        self.assertIn("given back", demo.stdout)

    def test_a_workflow_is_validated(self):
        self.assertEqual(run("workflow", "validate", WORKFLOW).returncode, 0)
        broken = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}'
        faulty = run("workflow", "validate", "-", "--output", "json", stdin=broken)
        self.assertEqual(faulty.returncode, 1, faulty)
        report = json.loads(faulty.stdout)
        self.assertEqual(report["result"], "FAIL")
        self.assertIn("/States/A/Next", [d["location"] for d in report["diagnostics"]])
        self.assertEqual(run("workflow", "validate", "no-such-file.json").returncode, 2)

    def test_a_workflow_is_drawn(self):
        svg = run("workflow", "graph", WORKFLOW)
        self.assertEqual(svg.returncode, 0, svg.stderr)
        states = {e.text for e in xml.etree.ElementTree.fromstring(svg.stdout).iter() if e.text}
        self.assertLessEqual({"ProcessPayment", "CompensatePayment"}, states)
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory) / "order.mmd"
            self.assertEqual(run("workflow", "graph", WORKFLOW, "-o", str(file)).returncode, 0)
            self.assertIn("ProcessPayment", file.read_text())

    def test_a_workflow_runs_with_mocked_tasks_on_a_virtual_clock(self):
        definition = {"StartAt": "Wait", "States": {
            "Wait": {"Type": "Wait", "Seconds": 86400, "Next": "Pay"},
            "Pay": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True,
                    "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 60}]}}}
        mock = {"Pay": [{"error": "Busy", "cause": "later"}, {"output": {"Payload": "paid"}}]}
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory) / "mock.json"
            file.write_text(json.dumps(mock))
            done = run("workflow", "run", "-", "--mock", str(file), "--output", "json", stdin=json.dumps(definition))
            self.assertEqual(done.returncode, 0, done)
            result = json.loads(done.stdout)
            self.assertEqual((result["status"], result["output"]), ("SUCCEEDED", {"Payload": "paid"}))
            self.assertEqual(result["events"][0]["timestamp"], "2026-01-01T00:00:00.000Z")
            self.assertEqual(result["events"][-1]["timestamp"], "2026-01-02T00:01:00.000Z")
            file.write_text(json.dumps({"Pay": [{"error": "Busy"}]}))
            waiting = run("workflow", "run", "-", "--mock", str(file), "--output", "json", stdin=json.dumps(definition))
            self.assertEqual((waiting.returncode, json.loads(waiting.stdout)["waiting"]), (1, ["Pay"]))

    def test_cases_are_replayed_line_by_line(self):
        case = {"id": "a", "definition": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}, "input": {"x": 1.50}}
        replay = run("workflow", "replay", stdin=json.dumps(case) + "\nnonsense\n" + json.dumps({**case, "id": "b"}) + "\n")
        self.assertEqual(replay.returncode, 1)
        self.assertIn("line 2", replay.stderr)
        results = [json.loads(line) for line in replay.stdout.splitlines()]
        self.assertEqual([(r["id"], r["status"]) for r in results], [("a", "SUCCEEDED"), ("b", "SUCCEEDED")])
        self.assertEqual(results[0]["event_types"],
                         ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"])

    def test_arguments_that_are_wrong_say_what_is_right(self):
        put = ("products", "put", "PROD-1", "--stock", "1")
        for arguments, said in [
            ((*put, "--price", "-1"), "an amount is not negative"),
            (("products", "list", "--url", "foo"), "\"foo\" is no URL of a server: it looks like http://127.0.0.1:8080"),
            (("orders", "list", "--url", "127.0.0.1:8080"), "it looks like http://127.0.0.1:8080"),
            (("serve", "--data", os.devnull, "--log", "[[["), "it looks like info, or warn,functions=debug"),
        ]:
            refused = run(*arguments)
            self.assertEqual(refused.returncode, 2, refused)
            self.assertIn(said, refused.stderr)


if __name__ == "__main__":
    unittest.main()
