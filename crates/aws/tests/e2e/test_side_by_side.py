"""The same requests to the local server and to the deployed interface: ids and times apart, the same answers."""

import decimal
import json
import pathlib
import re
import tempfile
import unittest

# `stack` makes `support` findable.
from stack import DeployedTest, eventually
import support
from deploy import client

# What differs by nature: ids, times, amounts of what else was done before.
APART = {"requestId", "traceId", "orderId", "createdAt", "updatedAt", "paymentId", "sequenceNumber", "nextAfter", "nextCursor",
         "at", "timestamp"}
HEADERS = ("content-type", "allow", "idempotent-replayed", "location", "retry-after", "vary", "access-control-allow-origin",
           "access-control-expose-headers")
PREFLIGHT = ("access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers",
             "access-control-max-age")
ORIGIN = {"origin": "https://shop.example.com"}
JSON = {"content-type": "application/json"}
MISSING = "01939f7c-8e00-7000-8000-000000000000"


def read(text):
    """JSON with exact numbers: 9 and 9.00 are one amount (docs/aws.md)."""
    return json.loads(text, parse_float=decimal.Decimal, parse_int=decimal.Decimal)


def normal(value):
    """An answer's body without what differs by nature."""
    if isinstance(value, dict):
        return {name: None if item is None else "…" if name in APART else normal(item) for name, item in value.items()}
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, str):
        # The deployed interface has its stage before each path.
        return re.sub(r"^/prod(?=/)", "", value)
    return value


class SideBySide(DeployedTest):
    """A local server beside the stack."""

    options = ("--payment-success-rate", "1")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        directory = support.enter(tempfile.TemporaryDirectory(prefix="ordermill-aws-e2e-"), cls.addClassCleanup)
        cls.server = support.enter(support.Server(pathlib.Path(directory) / "data", *cls.options), cls.addClassCleanup)
        cls.local_key = cls.server.key()

    def both(self, method, path, body=None, headers=None, key=True, orders=("", "")):
        """What both answer: status, headers and body. `ORDER` in the path is the order of each."""
        headers = {**ORIGIN, **(headers or {})}
        here = self.here(method, path.replace("ORDER", orders[0]), body, headers, self.local_key if key else "")
        there = self.stack.call(method, path.replace("ORDER", orders[1]), body, headers, self.key if key else None)
        return self.shown(here, path, orders[0]), self.shown(there, path, orders[1])

    def here(self, method, path, body, headers, key):
        answer = support.Client(self.server.port, key).call(method, path, body, headers)
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.body

    def shown(self, answer, path, order, more=()):
        status, headers, body = answer
        # The counterpart fills in no `$context.path` (docs/ministack.md).
        text = body.decode().replace("$context.path", path.partition("?")[0])
        text, headers = (text.replace(order, "ORDER"), {**headers}) if order else (text, headers)
        named = {name: headers.get(name) for name in (*HEADERS, *more)}
        if named["location"]:
            named["location"] = normal(re.sub(r"[0-9a-f-]{36}$", "ORDER", named["location"]))
        return status, named, normal(read(text)) if text else None

    def agree(self, *request, **options):
        """Both answer the same, which is returned."""
        here, there = self.both(*request, **options)
        self.assertEqual(here, there)
        return here

    def placed(self, **changes):
        """An order on each side, alike, that has ended."""
        order = support.order(**changes)
        here = support.Client(self.server.port, self.local_key)
        local = here.call("POST", "/orders", order).json["orderId"]
        support.eventually(lambda: here.call("GET", f"/orders/{local}").json, lambda it: it["status"] in support.FINAL,
                           f"the end of {local}")
        deployed = self.place(**changes)["orderId"]
        self.ended(deployed)
        return local, deployed


class Answers(SideBySide):
    """Of every route, and of the gateways themselves."""

    def test_refusals_agree(self):
        line = {"productId": "PROD-001", "quantity": 1, "price": 29.99}
        key = {"idempotency-key": "side-by-side"}
        cases = [
            (201, "POST", "/orders", support.order(), key, True),
            (201, "POST", "/orders", support.order(), key, True),
            (422, "POST", "/orders", support.order(customerId="CUST-002"), key, True),
            (400, "POST", "/orders", {}, None, True),
            (400, "POST", "/orders", [], None, True),
            (400, "POST", "/orders", b"{", JSON, True),
            (415, "POST", "/orders", b"hello", {"content-type": "text/plain"}, True),
            (413, "POST", "/orders", b'{"a":"' + b"x" * (300 << 10) + b'"}', JSON, True),
            (400, "POST", "/orders", support.order(items=[{**line, "price": 0.01}]), None, True),
            (400, "POST", "/orders", support.order(items=[{**line, "productId": "NONE"}]), None, True),
            (400, "POST", "/orders", support.order(items=[line, line], currency="XXX"), None, True),
            (403, "GET", "/orders", None, None, False),
            (403, "GET", "/orders", None, {"x-api-key": "nobodys-key-of-some-length"}, False),
            (400, "GET", "/orders?limit=0", None, None, True),
            (400, "GET", "/orders?cursor=nonsense", None, None, True),
            (404, "GET", f"/orders/{MISSING}", None, None, True),
            (404, "GET", f"/orders/{MISSING}/timeline", None, None, True),
            (404, "POST", f"/orders/{MISSING}/cancel", None, None, True),
            (404, "GET", "/products/NONE", None, None, True),
            (400, "GET", "/events?after=x", None, None, True),
            (405, "DELETE", "/orders", None, None, True),
            (405, "PATCH", "/products/PROD-001", None, None, True),
            (404, "GET", "/nothing", None, None, True),
            (200, "GET", "/health", None, None, False),
        ]
        for status, method, path, body, headers, key in cases:
            with self.subTest(f"{method} {path} {str(body)[:60]}"):
                self.assertEqual(self.agree(method, path, body, headers, key)[0], status)

    def test_preflights_agree(self):
        headers = {**ORIGIN, "access-control-request-method": "POST"}
        for path in ["/orders", "/orders/1/timeline", "/orders/1/cancel", "/products/PROD-001", "/events"]:
            with self.subTest(path):
                here = support.Client(self.server.port, "").call("OPTIONS", path, None, headers)
                status, there, _ = self.stack.call("OPTIONS", path, None, headers)
                # Lists, with a blank behind each comma or none.
                shown = lambda headers: {name: headers.get(name).replace(", ", ",") for name in PREFLIGHT}
                self.assertEqual((here.status, shown(here.headers)), (status, shown(there)))
                self.assertIsNotNone(there["access-control-allow-origin"])

    def test_an_orders_life_reads_the_same(self):
        orders = self.placed(customerId="CUST-LIFE", customerEmail="life@example.com")
        status, _, order = self.agree("GET", "/orders/ORDER", orders=orders)
        self.assertEqual((status, order["status"]), (200, "COMPLETED"))
        self.assertEqual(self.agree("POST", "/orders/ORDER/cancel", orders=orders)[0], 409)
        here, there = self.both("GET", "/orders/ORDER/timeline", orders=orders)
        self.assertEqual(here[:2], there[:2])
        self.assertEqual(set(here[2]), set(there[2]))
        for part in [self.steps, self.facts]:
            self.assertTrue(part(here))
            self.assertEqual(part(here), part(there))
        here, there = self.both("GET", "/events?limit=1000")
        self.assertEqual(here[:2], there[:2])
        self.assertEqual(*self.feeds(orders))

    def test_lists_of_orders_agree_from_page_to_page(self):
        for _ in range(3):
            self.placed(customerId="CUST-LIST")
        first, second = "/orders?customerId=CUST-LIST&limit=2", []
        for call in [self.here_json, self.there_json]:
            page = call(first)
            rest = call(f"{first}&cursor={page['nextCursor']}")
            second.append((normal(page), normal(rest)))
        self.assertEqual(*second)
        self.assertEqual([len(page["orders"]) for page in second[0]], [2, 1])
        self.agree("GET", "/orders?status=CANCELLED&customerId=NOBODY")

    def test_an_order_that_waits_is_cancelled_alike(self):
        # Nobody takes it from its queue, so that it waits on both sides.
        functions = client("lambda")
        queue = "OrderProcessingQueue"
        [mapping] = [it for it in functions.list_event_source_mappings()["EventSourceMappings"] if queue in it["EventSourceArn"]]
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        self.addCleanup(functions.update_event_source_mapping, UUID=mapping["UUID"], Enabled=True)
        with tempfile.TemporaryDirectory(prefix="ordermill-aws-e2e-") as directory:
            directory = pathlib.Path(directory)
            template = support.template_with_visibility(directory, 30)
            template.write_text(template.read_text().replace(
                "            BatchSize: 10\n", "            BatchSize: 10\n            Enabled: false\n", 1))
            with support.Server(directory / "data", "--template", str(template)) as server:
                local = server.client()
                order = support.order(customerId="CUST-WAITS")
                orders = local.call("POST", "/orders", order).json["orderId"], self.place(**order)["orderId"]
                here = local.call("POST", f"/orders/{orders[0]}/cancel", None, ORIGIN)
                here = self.shown((here.status, {n.lower(): v for n, v in here.headers.items()}, here.body), "", orders[0])
                there = self.stack.call("POST", f"/orders/{orders[1]}/cancel", None, ORIGIN, self.key)
                there = self.shown(there, "", orders[1])
        self.assertEqual(here, there)
        self.assertEqual((here[0], here[2]["status"]), (200, "CANCELLED"))

    def test_products_agree(self):
        admin = self.server.key("admin")
        for number, (body, status) in enumerate([
            ({"name": "Cup", "price": 4.5, "currency": "USD", "stock": 7}, 201),
            ({"name": "Cup, blue", "price": 5.25, "currency": "EUR", "stock": 8}, 200),
            ({"name": "", "price": -1, "stock": "many"}, 400),
        ]):
            with self.subTest(body):
                path = "/products/SIDE-1"
                data = json.dumps(body).encode()
                here = self.here("PUT", path, data, {**ORIGIN, **JSON}, admin)
                there = self.stack.call_as_operator("PUT", path, body, ORIGIN)
                self.assertEqual(self.shown(here, path, ""), self.shown(there, path, ""))
                self.assertEqual(here[0], status)
        self.agree("GET", "/products/SIDE-1")
        support.Client(self.server.port, admin).call("PUT", "/products/SIDE-2", {"name": "Pot", "price": 9, "currency": "USD", "stock": 1})
        self.stack.call_as_operator("PUT", "/products/SIDE-2", {"name": "Pot", "price": 9, "currency": "USD", "stock": 1})
        mine = lambda page: [product for product in page["products"] if product["productId"].startswith("SIDE-")]
        self.assertEqual(mine(self.here_json("/products?limit=100")), mine(self.there_json("/products?limit=100")))
        for call in [self.here_json, self.there_json]:
            first = call("/products?limit=1")
            second = call(f"/products?limit=1&cursor={first['nextCursor']}")
            self.assertLess(first["products"][0]["productId"], second["products"][0]["productId"])

    def test_the_figures_agree_as_soon_as_they_are_reckoned(self):
        price = {"items": [{"productId": "PROD-001", "quantity": 2, "price": 29.99}]}
        self.placed(customerId="CUST-FIGURES", **price)
        admin = self.server.key("admin")
        ask = [lambda query="": self.here("GET", f"/admin/analytics{query}", None, ORIGIN, admin),
               lambda query="": self.stack.call_as_operator("GET", f"/admin/analytics{query}", None, ORIGIN)]
        reckoned = lambda answer: any(hour["completionRate"] for hour in read(answer[2]).get("hours", []))
        answers = [eventually(call, reckoned, "the figures") for call in ask]
        # How many there were before differs; how they are shown does not.
        shown = lambda answer: {name: sorted(value[0]) if name == "hours" else "…" for name, value in read(answer[2]).items()}
        self.assertEqual(*(shown(answer) for answer in answers))
        self.assertEqual(*(self.shown((*answer[:2], b""), "", "") for answer in answers))
        spans = [normal(read(call("?from=2020-01-01T00:00:00.000Z&to=2020-02-01T00:00:00.000Z")[2])) for call in ask]
        self.assertEqual(spans, [{"from": "2020-01-01T00:00:00.000Z", "to": "2020-02-01T00:00:00.000Z", "hours": []}] * 2)
        self.assertEqual(self.stack.call("GET", "/admin/analytics", key=self.key)[0], 404)

    def test_an_operators_call_without_a_signature_changes_nothing(self):
        product = {"name": "PROD-001", "price": 0.01, "currency": "USD", "stock": 1}
        here, there = self.both("PUT", "/products/PROD-001", product)
        # API Gateway has one answer for a call without a signature and for a path that is not there (docs/aws.md).
        self.assertEqual((here[0], there[0]), (403, 404))
        here, there = self.both("GET", "/products/PROD-001")
        self.assertEqual((here[2]["price"], there[2]["price"]), (decimal.Decimal("29.99"),) * 2)

    def test_each_describes_what_it_serves_alike(self):
        here, there = self.both("GET", "/openapi.json", key=False)
        self.assertEqual(here[:2], there[:2])
        served = there[2]["paths"]
        self.assertEqual(served, {path: here[2]["paths"].get(path) for path in served})
        self.assertEqual(there[2]["servers"], [{"url": "/prod"}])
        without = lambda document: {name: part for name, part in document.items() if name not in ("paths", "servers", "tags")}
        self.assertEqual(without(here[2]), without(there[2]))

    def test_a_throttled_and_a_spent_key_are_told_the_same(self):
        """Numbers apart: those of the plan, and when a month ends."""
        admin = support.Client(self.server.port, self.server.key("admin"))
        for limits, there in [({"ratePerS": 1, "burst": 1}, {"throttle": {"rateLimit": 1, "burstLimit": 1}}),
                              ({"quota": 2}, {"quota": {"limit": 2, "period": "MONTH"}})]:
            with self.subTest(limits):
                made = admin.call("POST", "/admin/keys", {"name": next(iter(limits)), **limits}).json
                key = self.stack.new_key(**there)
                refused = lambda call: next(answer for answer in (call() for _ in range(20)) if answer[0] != 200)
                here = refused(lambda: self.here("GET", "/products", None, ORIGIN, made["key"]))
                there = refused(lambda: self.stack.call("GET", "/products", None, ORIGIN, key))
                shown = lambda answer: self.numberless(self.shown(answer, "/products", "", ("ratelimit", "ratelimit-policy")))
                self.assertEqual(shown(here), shown(there))
                self.assertEqual(here[0], 429)

    def numberless(self, answer):
        """The answer with an N for each number but the status."""
        status, headers, body = answer
        # One machine knows to the second when the quota begins anew.
        number = lambda text: re.sub(r"\d+", "N", re.sub(r"until .*", "until …", text)) if isinstance(text, str) else text
        return status, {name: number(value) for name, value in headers.items()}, {n: number(v) for n, v in body.items()}

    def here_json(self, path):
        return read(support.Client(self.server.port, self.local_key).call("GET", path).body)

    def there_json(self, path):
        return read(self.stack.call("GET", path, key=self.key)[2])

    def steps(self, answer):
        return [entry["detail"]["name"] for entry in answer[2]["timeline"] if entry["event"].endswith("StateEntered")]

    def facts(self, answer):
        """What became of the order, its money and its stock. When processing began is only on one machine a fact of its own
        (docs/aws.md); what the counterpart has not is apart: some of the execution's events, and COMPLETED's mail."""
        return sorted((entry["source"], entry["event"], re.sub(r"PAY-\w+", "PAY", entry["summary"]))
                      for entry in answer[2]["timeline"]
                      if entry["source"] in ("order", "payment", "stock") and entry["event"] != "PROCESSING")

    def feeds(self, orders):
        """What the feed of each says of its order, which on AWS it says some time later."""
        found = []
        for call, order in zip([self.here_json, self.there_json], orders):
            about = lambda: [change for change in call("/events?limit=1000")["events"] if order in json.dumps(change, default=str)]
            changes = eventually(about, lambda them: them and them[-1]["newImage"]["status"] in support.FINAL, "the last change")
            found.append([normal(change) for change in changes])
        return found


if __name__ == "__main__":
    unittest.main()
