"""What a client gets that asks for something wrong: the status, and each fault with its pointer."""

import json
import socket
import unittest

from support import ServerTest, order


class Refusals(ServerTest):
    def test_no_key_and_a_wrong_key_are_forbidden(self):
        for key in ["", "wrong", self.server.key() + "x"]:
            answer = self.server.client(key).call("GET", "/orders") if key else self.without_key("GET", "/orders")
            self.assert_problem(answer, 403, "forbidden")
            self.assertEqual(answer.json["message"], "Forbidden")

    def test_a_client_is_no_operator(self):
        product = {"name": "Mug", "price": 1, "currency": "USD", "stock": 1}
        self.assert_problem(self.client.call("GET", "/admin/keys"), 403, "unauthorized-admin")
        self.assert_problem(self.client.call("PUT", "/products/PROD-001", product), 403, "unauthorized-admin")

    def test_unknown_routes_and_things_are_not_found(self):
        missing = "01939f7c-8e00-7000-8000-000000000000"
        for path in ["/nothing", f"/orders/{missing}", "/orders/nonsense", f"/orders/{missing}/timeline", "/products/NONE"]:
            self.assert_problem(self.client.call("GET", path), 404, "not-found")

    def test_a_wrong_method_names_the_right_ones(self):
        answer = self.client.call("DELETE", "/orders")
        self.assert_problem(answer, 405, "method-not-allowed")
        self.assertLessEqual({"GET", "POST"}, set(answer.headers["Allow"].split(", ")))

    def test_a_body_that_is_too_long_or_no_json_is_refused(self):
        self.assert_problem(self.client.call("POST", "/orders", b"{" + b" " * (11 << 20)), 413, "body-too-large")
        text = self.client.call("POST", "/orders", b"hello", {"content-type": "text/plain"})
        self.assert_problem(text, 415, "unsupported-media-type")

    def test_malformed_json_is_a_bad_request(self):
        for body in [b"{", b"", b"[1,", b'{"customerId": "\xff"}', b"{'a': 1}", b"[" * 10_000]:
            answer = self.client.call("POST", "/orders", body, {"content-type": "application/json"})
            self.assertEqual(answer.status, 400, (body[:20], answer))

    def test_every_fault_of_a_body_has_its_pointer(self):
        line = {"productId": "PROD-001", "quantity": 1, "price": 29.99}
        for body, pointers in [
            ({}, ["/customerId", "/items"]),
            ([], [""]),
            (order(customerId=7, surprise=1), ["/customerId", "/surprise"]),
            (order(items=[]), ["/items"]),
            (order(items=[{**line, "quantity": 0}, {**line, "productId": "PROD-002", "quantity": 1.5, "price": -1}]),
             ["/items/0/quantity", "/items/1/price", "/items/1/quantity"]),
            (order(items=[line, line]), ["/items/1/productId"]),
            (order(items=[{**line, "price": 0.01}]), ["/items/0/price"]),
            (order(items=[{**line, "productId": "NONE"}]), ["/items/0/productId"]),
            (order(currency="XXX"), ["/currency"]),
            (order(customerEmail="nobody"), ["/customerEmail"]),
        ]:
            answer = self.client.call("POST", "/orders", body)
            self.assert_problem(answer, 400, "validation", pointers)

    def test_numbers_that_are_no_amounts_are_refused(self):
        for number in ["1e400", "29.99999", "NaN", "1" * 400]:
            body = json.dumps(order()).replace("29.99", number).encode()
            answer = self.client.call("POST", "/orders", body, {"content-type": "application/json"})
            self.assertEqual(answer.status, 400, (number[:10], answer))

    def test_parameters_of_a_list_are_checked(self):
        for query, pointer in [("limit=0", "?limit"), ("limit=x", "?limit"), ("status=DONE", "?status"),
                               ("cursor=nonsense", "?cursor"), ("from=yesterday", "?from")]:
            answer = self.client.call("GET", f"/orders?{query}")
            self.assertEqual(answer.status, 400, (query, answer))

    def test_what_is_no_http_gets_an_answer_or_a_closed_connection(self):
        for sent in [b"nonsense\r\n\r\n", b"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"]:
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as connection:
                connection.sendall(sent)
                answer = connection.recv(65536)
                self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 400"), answer)
        self.assertEqual(self.client.call("GET", "/health").status, 200)

    def test_a_preflight_needs_no_key(self):
        headers = {"origin": "https://shop.example.com", "access-control-request-method": "POST"}
        answer = self.without_key("OPTIONS", "/orders", headers)
        self.assertEqual(answer.status, 200, answer)
        self.assertTrue(answer.headers["Access-Control-Allow-Origin"])
        self.assertIn("x-api-key", answer.headers["Access-Control-Allow-Headers"].lower())

    def test_health_and_documentation_need_no_key(self):
        for path in ["/health", "/ready", "/metrics", "/openapi.json", "/docs"]:
            self.assertEqual(self.without_key("GET", path).status, 200, path)
        self.assertIn("/orders", self.without_key("GET", "/openapi.json").json["paths"])

    def test_each_problem_has_a_page_of_its_own(self):
        answers = [self.without_key("GET", "/orders"), self.client.call("GET", "/nothing"),
                   self.client.call("DELETE", "/orders"), self.client.call("POST", "/orders", {})]
        for answer in answers:
            page = self.without_key("GET", answer.json["type"])
            self.assertEqual(page.status, 200, answer)

    def without_key(self, method, path, headers=None):
        client = self.server.client()
        client.key = ""
        return client.call(method, path, headers=headers)


if __name__ == "__main__":
    unittest.main()
