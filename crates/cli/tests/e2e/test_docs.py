"""What the documentation says of the tests is so."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[4]


class Docs(unittest.TestCase):
    def test_every_test_that_the_table_names_is_there(self):
        text = (ROOT / "docs" / "robustness.md").read_text()
        rows = [row.split("|")[-2] for row in text.splitlines() if row.startswith("| ")]
        named = {name for row in rows for name in re.findall(r"(?<!suite )`([a-z0-9_]{5,})`", row)}
        self.assertGreater(len(named), 50)
        sources = [*ROOT.glob("crates/**/*.rs"), *ROOT.glob("crates/cli/tests/e2e/*.py")]
        there = {name for source in sources if "target" not in source.parts
                 for name in re.findall(r"(?:fn|def) (\w+)", source.read_text())}
        self.assertEqual(named - there, set())


if __name__ == "__main__":
    unittest.main()
