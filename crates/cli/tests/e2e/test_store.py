"""What becomes of a server whose disk is full, whose directory is nothing to work with, or whose port is taken."""

import contextlib
import os
import pathlib
import resource
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import unittest

from support import BINARY, DEADLINE_S, Server, ServerTest, enter, eventually, order, template_with_visibility

MOUNT = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
         'mount -t tmpfs -o size=6m,mode=700 tmpfs "$0" && exec "$@"']


def can_mount():
    """Whether a small file system can be mounted here that only the server sees."""
    with tempfile.TemporaryDirectory() as directory, contextlib.suppress(OSError):
        return subprocess.run([*MOUNT, directory, "true"], capture_output=True).returncode == 0
    return False


class FullDisk(ServerTest):
    """A server on a disk of 6 MiB of its own."""

    @classmethod
    def setUpClass(cls):
        if not can_mount():
            raise unittest.SkipTest("no file system can be mounted here")
        directory = enter(tempfile.TemporaryDirectory(prefix="ordermill-e2e-"), cls.addClassCleanup)
        settings = enter(tempfile.TemporaryDirectory(prefix="ordermill-e2e-"), cls.addClassCleanup)
        # What could not be begun for want of room is tried again soon.
        template = template_with_visibility(settings, 5)
        options = ("--payment-success-rate", "1", "--log", "warn", "--template", str(template))
        cls.server = enter(Server(directory, *options, prefix=[*MOUNT, directory]), cls.addClassCleanup)
        # What the server alone sees is seen through it.
        cls.server.data = pathlib.Path(f"/proc/{cls.server.process.pid}/root{directory}")
        cls.admin = cls.server.client(cls.server.key("admin"))
        key = cls.admin.call("POST", "/admin/keys", {"name": "crowd", "quota": 10**9}).json["key"]
        cls.client = cls.server.client(key)

    def test_a_full_disk_is_told_and_forgotten_once_there_is_room(self):
        ballast = self.server.data / "ballast"
        ballast.write_bytes(b"x" * (3 << 20))
        accepted = []
        refused = None
        while refused is None:
            answer = self.place(accepted)
            if answer.status != 201:
                refused = answer
        self.assert_problem(refused, 503, "store-full")
        self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)
        # What was taken is there, and can be read.
        listed = self.listed()
        self.assertEqual(sorted(listed), sorted(accepted))
        self.assertEqual(self.client.call("GET", "/health").status, 200)

        ballast.unlink()
        for _ in range(10):
            self.assertEqual(self.place(accepted).status, 201)
        eventually(self.statuses, lambda s: s == {"COMPLETED"}, "the end of every order")
        self.assertEqual(sorted(self.listed()), sorted(accepted))
        stock = self.client.call("GET", "/products/PROD-001").json["stock"]
        self.assertEqual(self.first_stock - stock, len(accepted))
        # A copy: SQLite follows the way to the server's own file system to where it isn't. Nothing is being written.
        copy = pathlib.Path(enter(tempfile.TemporaryDirectory(prefix="ordermill-e2e-"), self.addCleanup))
        for file in self.server.data.glob("ordermill.db*"):
            shutil.copy(file, copy)
        with contextlib.closing(sqlite3.connect(copy / "ordermill.db")) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            charged = database.execute("SELECT count(*), count(DISTINCT order_id) FROM gateway_ledger").fetchone()
        self.assertEqual(charged, (len(accepted), len(accepted)))

    def place(self, accepted):
        metadata = {f"field{n}": "x" * 400 for n in range(10)}
        body = order(items=[{"productId": "PROD-001", "quantity": 1, "price": 29.99}], metadata=metadata)
        if not accepted:
            self.first_stock = self.client.call("GET", "/products/PROD-001").json["stock"]
        answer = self.client.call("POST", "/orders", body)
        if answer.status == 201:
            accepted.append(answer.json["orderId"])
        return answer

    def orders(self):
        orders, cursor = [], ""
        while True:
            page = self.client.call("GET", f"/orders?limit=100{cursor}").json
            orders += page["orders"]
            if "nextCursor" not in page:
                return orders
            cursor = f"&cursor={page['nextCursor']}"

    def listed(self):
        return [o["orderId"] for o in self.orders()]

    def statuses(self):
        return {o["status"] for o in self.orders()}


class FileSize(ServerTest):
    """A server that may write no file beyond a size, as by a quota."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        key = cls.admin.call("POST", "/admin/keys", {"name": "crowd", "quota": 10**9}).json["key"]
        cls.client = cls.server.client(key)

    def test_a_limit_on_the_size_of_files_is_told_and_forgotten_once_it_is_lifted(self):
        accepted, unlimited = [], resource.RLIM_INFINITY
        accepted.append(self.place())
        process = self.server.process.pid
        now = max(path.stat().st_size for path in self.server.data.glob("ordermill.db*"))
        resource.prlimit(process, resource.RLIMIT_FSIZE, (now + (1 << 20), unlimited))
        refused = None
        while refused is None:
            answer = self.client.call("POST", "/orders", self.large())
            if answer.status == 201:
                accepted.append(answer.json["orderId"])
            else:
                refused = answer
            self.assertLess(len(accepted), 10_000, "the limit is met")
        self.assert_problem(refused, 503, "store-full")
        self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)
        self.assertIsNone(self.server.process.poll(), "the server lives")
        self.assertEqual(self.client.call("GET", f"/orders/{accepted[-1]}").status, 200, "what was taken can be read")

        resource.prlimit(process, resource.RLIMIT_FSIZE, (unlimited, unlimited))
        accepted.append(self.place())
        for order_id in (accepted[0], accepted[-1]):
            eventually(lambda: self.client.call("GET", f"/orders/{order_id}").json["status"],
                       lambda status: status == "COMPLETED", "the end of an order")

    def place(self):
        answer = self.client.call("POST", "/orders", self.large())
        self.assertEqual(answer.status, 201, answer)
        return answer.json["orderId"]

    def large(self):
        return order(items=[{"productId": "PROD-001", "quantity": 1, "price": 29.99}],
                     metadata={f"field{n}": "x" * 400 for n in range(10)})


class Refused(unittest.TestCase):
    """A start that can't be: told in one line, with what to do, exit code 1, and nothing changed."""

    def setUp(self):
        self.directory = pathlib.Path(enter(tempfile.TemporaryDirectory(prefix="ordermill-e2e-"), self.addCleanup))
        self.data = self.directory / "data"

    def refused(self, *options, listen="127.0.0.1:0", binary=BINARY, user=None):
        command = [binary, "serve", "--data", str(self.data), "--listen", listen, *options]
        result = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, user=user,
                                stdin=subprocess.DEVNULL)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertNotIn("panicked", result.stderr)
        return result.stderr

    def used(self):
        with Server(self.data) as server:
            server.client().call("POST", "/orders", order())
            server.stop()

    def files(self):
        return {p.name: p.read_bytes() for p in self.data.iterdir() if p.is_file() and p.name != "lock"}

    def test_a_database_of_a_newer_version_is_left_alone(self):
        self.used()
        with contextlib.closing(sqlite3.connect(self.data / "ordermill.db")) as database:
            version = database.execute("PRAGMA user_version").fetchone()[0]
            database.execute(f"PRAGMA user_version = {version + 1000}")
        before = self.files()
        self.assertIn("newer", self.refused())
        self.assertEqual(self.files(), before)

    def test_what_is_no_database_is_left_alone(self):
        self.data.mkdir()
        (self.data / "ordermill.db").write_bytes(b"a letter to my grandmother\n" * 400)
        before = self.files()
        self.assertIn("is not a database", self.refused())
        self.assertEqual(self.files(), before)

    def test_a_directory_that_may_not_be_written_to(self):
        self.data.mkdir()
        nobody = 65534 if os.geteuid() == 0 else None
        self.data.chmod(0o555)
        self.addCleanup(self.data.chmod, 0o755)
        self.directory.chmod(0o755)
        binary = pathlib.Path(shutil.copy(BINARY, self.directory))
        binary.chmod(0o755)
        self.assertIn("may write", self.refused(binary=str(binary), user=nobody))
        self.assertEqual(list(self.data.iterdir()), [])

    def test_a_database_that_may_not_be_written_to(self):
        self.used()
        nobody = 65534 if os.geteuid() == 0 else None
        database = self.data / "ordermill.db"
        for path in [self.directory, self.data, self.data / "lock", self.data / "logs"]:
            path.chmod(0o777)
        database.chmod(0o444)
        binary = pathlib.Path(shutil.copy(BINARY, self.directory))
        binary.chmod(0o755)
        before = database.read_bytes()
        said = self.refused(binary=str(binary), user=nobody)
        self.assertIn(f"{database} can't be written: make sure", said)
        self.assertEqual(database.read_bytes(), before)

    def test_a_lost_database_is_not_made_anew_beside_the_keys_of_a_shop(self):
        self.used()
        database = self.data / "ordermill.db"
        kept = database.read_bytes()
        for lose in [database.unlink, lambda: database.write_bytes(b"")]:
            lose()
            before = self.files()
            said = self.refused()
            self.assertIn(f"{database} is missing or empty", said)
            self.assertIn("restore a backup, or move the key files away", said)
            self.assertEqual(self.files(), before)
        database.write_bytes(kept)
        with Server(self.data) as server:
            self.assertEqual(len(server.client().call("GET", "/orders").json["orders"]), 1, "a backup is a remedy")
            server.stop()
        database.unlink()
        for key in self.data.glob("*.key"):
            key.rename(self.directory / key.name)
        with Server(self.data) as server:
            self.assertEqual(server.client().call("GET", "/orders").json["orders"], [], "and so is a new shop")

    def test_a_workflow_with_faults_makes_no_data_directory(self):
        template = template_with_visibility(self.directory, 5)
        workflow = self.directory / "workflows" / "order.asl.json"
        text = workflow.read_text().replace("arn:aws:states:::sns:publish", "arn:aws:states:::glue:startJobRun")
        workflow.write_text(text)
        self.assertIn("glue", self.refused("--template", str(template)))
        self.assertFalse(self.data.exists())

    def test_logs_that_are_no_folder(self):
        self.data.mkdir()
        (self.data / "logs").write_text("mine")
        said = self.refused()
        self.assertIn(f"the logs can't be kept in {self.data / 'logs'}", said)
        self.assertEqual([p.name for p in self.data.iterdir()], ["logs"])

    def test_an_address_that_the_machine_does_not_have(self):
        said = self.refused(listen="192.0.2.1:0")
        self.assertIn("can't listen on 192.0.2.1:0: this machine has no such address", said)
        self.assertNotIn("another server", said)
        self.assertFalse(self.data.exists())

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            said = self.refused(listen=f"127.0.0.1:{port}")
        self.assertIn(f"can't listen on 127.0.0.1:{port}: is another server running?", said)
        self.assertFalse(self.data.exists(), "a start that fails so makes no data directory")


class AdminKey(unittest.TestCase):
    def test_a_lost_admin_key_is_made_anew_and_the_old_one_opens_nothing(self):
        directory = enter(tempfile.TemporaryDirectory(prefix="ordermill-e2e-"), self.addCleanup)
        server = enter(Server(pathlib.Path(directory) / "data"), self.addCleanup)
        old, client = server.key("admin"), server.key()
        (server.data / "admin.key").unlink()
        server.stop()
        server.start()
        self.assertFalse((server.data / "admin.key").exists(), "a key is not given out again by itself")
        self.assertEqual(server.client(old).call("GET", "/admin/keys").status, 200)
        server.stop()

        server.options = ("--reset-admin-key",)
        server.start()
        new = server.key("admin")
        self.assertNotEqual(new, old)
        self.assertEqual((server.data / "admin.key").stat().st_mode & 0o777, 0o600)
        self.assertEqual(server.client(old).call("GET", "/admin/keys").status, 403)
        keys = server.client(new).call("GET", "/admin/keys").json["keys"]
        self.assertEqual(sorted(k["name"] for k in keys), ["admin", "default"])
        self.assertEqual(server.key(), client, "other keys stay as they are")
        self.assertEqual(server.client(client).call("GET", "/products").status, 200)


if __name__ == "__main__":
    unittest.main()
