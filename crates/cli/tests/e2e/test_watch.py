"""What an operator watches at a terminal: `top`, `logs` with `--follow` and `--level`, and the alarms."""

import fcntl
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import tempfile
import termios
import threading
import unittest

from support import BINARY, DEADLINE_S, Server, ServerTest, enter, eventually, order

DONE, FAILED, USAGE, NOT_FOUND = range(4)


def environment(server, **more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ORDERMILL_", "NO_COLOR", "CLICOLOR"))}
    return {**kept, "ORDERMILL_URL": server.url, "ORDERMILL_DATA": str(server.data), **more}


def run(server, *arguments, expect=DONE):
    """Runs a command and returns its standard output and standard error."""
    result = subprocess.run([BINARY, *arguments], env=environment(server), capture_output=True, text=True,
                            timeout=DEADLINE_S, stdin=subprocess.DEVNULL)
    assert result.returncode == expect, (arguments, result)
    return result.stdout, result.stderr


class Reader:
    """Collects what a file says, on a thread, so that one can wait for it."""

    def __init__(self, descriptor):
        self.text = ""
        self.changed = threading.Condition()
        threading.Thread(target=self._read, args=(descriptor,), daemon=True).start()

    def _read(self, descriptor):
        while True:
            try:
                data = os.read(descriptor, 65536)
            except OSError:
                data = b""
            with self.changed:
                self.text += data.decode(errors="replace")
                self.changed.notify_all()
            if not data:
                return

    def wait_for(self, wanted, after=0):
        """Returns the place behind the first `wanted` from `after` on."""
        found = lambda: self.text.find(wanted, after)
        with self.changed:
            if not self.changed.wait_for(lambda: found() >= 0, DEADLINE_S):
                raise AssertionError(f"{wanted!r} was not said: {self.text[after:]!r}")
            return found() + len(wanted)


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, server, *arguments, size=(24, 80), **more):
        self.master, slave = pty.openpty()
        self.resize(*size)
        self.before = termios.tcgetattr(slave)
        # As its controlling terminal, so that Ctrl-C and a new size are signals.
        self.process = subprocess.Popen([BINARY, *arguments], stdin=slave, stdout=slave, stderr=slave,
                                        env=environment(server, TERM="xterm-256color", **more), start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.slave = slave
        self.screen = Reader(self.master)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        os.close(self.master)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, key):
        os.write(self.master, key)

    def frames(self):
        """What stood on the screen, draw by draw, without colours."""
        plain = re.sub(r"\x1b\[[0-9;?]*[mKJlh]", "", self.screen.text)
        return [frame.split("\r\n") for frame in plain.split("\x1b[H")[1:]]


class Watch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = enter(tempfile.TemporaryDirectory(prefix="ordermill-e2e-"), cls.addClassCleanup)
        data = pathlib.Path(directory) / "data"
        cls.server = enter(Server(data, "--payment-success-rate", "1"), cls.addClassCleanup)

    def place(self):
        client = self.server.client()
        with client.events() as events:
            order_id = client.call("POST", "/orders", order()).json["orderId"]
            events.wait_for(order_id)
        return order_id

    def test_top_fits_its_terminal_outlives_a_restart_and_leaves_the_screen_as_it_was(self):
        order_id = self.place()
        with Terminal(self.server, "top", "--every", "1") as terminal:
            screen = terminal.screen
            screen.wait_for("\x1b[?1049h")
            screen.wait_for(order_id)
            screen.wait_for(" taken in 5 min")
            terminal.resize(10, 40)
            eventually(terminal.frames, lambda frames: len(frames[-1]) <= 10, "a smaller screen")
            self.server.stop()
            at = screen.wait_for("no answer, trying again")
            self.server.start(self.server.port)
            at = screen.wait_for("\x1b[H", at)
            eventually(terminal.frames, lambda frames: "no answer" not in "".join(frames[-1]), "an answer")
            terminal.press(b"q")
            self.assertEqual(terminal.process.wait(DEADLINE_S), DONE)
            screen.wait_for("\x1b[?1049l")
            self.assertEqual(termios.tcgetattr(terminal.slave), terminal.before)
            frames = terminal.frames()
            self.assertLessEqual(max(len(frame) for frame in frames), 24)
            self.assertLessEqual(max(len(line) for frame in frames for line in frame), 80)

    def test_ctrl_c_leaves_top_too_and_no_color_is_respected(self):
        with Terminal(self.server, "top", NO_COLOR="1") as terminal:
            terminal.screen.wait_for("payments:")
            terminal.press(b"\x03")
            self.assertEqual(terminal.process.wait(DEADLINE_S), DONE)
            terminal.screen.wait_for("\x1b[?1049l")
            self.assertNotRegex(terminal.screen.text, r"\x1b\[[0-9;]*m")
            self.assertEqual(termios.tcgetattr(terminal.slave), terminal.before)

    def test_looking_is_no_business_traffic(self):
        order_id = self.place()
        admin = self.server.client(self.server.key("admin"))

        def counted():
            lines = admin.call("GET", "/metrics").body.decode().splitlines()
            return sum(float(line.split()[-1]) for line in lines if line.startswith("ordermill_http_requests_total"))

        before = counted()
        self.assertGreaterEqual(before, 1, "an order was placed")
        for _ in range(3):
            seen = json.loads(run(self.server, "top", "--once", "--output", "json")[0])
            self.assertIn(order_id, [order["orderId"] for order in seen["orders"]])
            self.assertGreaterEqual(seen["payments"]["taken"], 1)
        self.assertEqual(counted(), before)
        lines, _ = run(self.server, "top", "--output", "json")
        self.assertEqual(lines.count("\n"), 1)

    def test_what_is_followed_goes_on_after_a_restart(self):
        command = [BINARY, "logs", "--follow", "--query", 'filter event_type = "order_created"', "--output", "json"]
        with subprocess.Popen(command, env=environment(self.server), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            try:
                lines, talk = Reader(process.stdout.fileno()), Reader(process.stderr.fileno())
                # It follows from when it asks first, which nothing tells: so orders are placed until one is seen.
                placed = []

                def seen():
                    placed.append(self.place())
                    return lines.text

                eventually(seen, lambda text: any(order_id in text for order_id in placed), "a line")
                self.server.stop()
                talk.wait_for("no answer, trying again")
                self.server.start(self.server.port)
                talk.wait_for("the server answers again")
                lines.wait_for(self.place())
                lines_of = [json.loads(line)[0]["data"]["orderId"] for line in lines.text.splitlines()]
                self.assertEqual(len(lines_of), len(set(lines_of)), "a line came twice")
            finally:
                process.kill()

    def test_statistics_are_not_followed_and_columns_keep_their_names(self):
        _, why = run(self.server, "logs", "--follow", "--query", "stats count(*) by event_type", expect=USAGE)
        self.assertIn("statistics can't be followed", why)
        order_id = self.place()
        query = 'fields data.orderId | filter event_type = "order_created"'
        table = lambda: run(self.server, "logs", "--query", query)[0].splitlines()
        rows = eventually(table, lambda rows: order_id in rows, "the order's line")
        self.assertEqual(rows[0], "data.orderId")

    def test_what_is_logged_is_changed(self):
        self.addCleanup(run, self.server, "logs", "--level", "info")
        self.assertEqual(run(self.server, "logs", "--level", "warn")[0], "logging warn\n")
        quiet = self.place()
        run(self.server, "logs", "--level", "info")
        loud = self.place()
        query = 'fields data.orderId | filter event_type = "order_created"'
        table = lambda: run(self.server, "logs", "--query", query)[0]
        self.assertNotIn(quiet, eventually(table, lambda text: loud in text, "the second order's line"))
        _, why = run(self.server, "logs", "--level", "functions=loud", expect=4)
        self.assertIn("The log filter can't be read", why)


class Alarms(ServerTest):
    def test_alarms_are_listed_and_shown(self):
        listed = json.loads(run(self.server, "alarms", "list", "--output", "json")[0])["alarms"]
        names = [alarm["name"] for alarm in listed]
        self.assertIn("OrderProcessingErrorAlarm", names)
        text, _ = run(self.server, "alarms", "list")
        self.assertEqual(len(text.splitlines()), 1 + len(names))
        text, _ = run(self.server, "alarms", "show", "OrderProcessingErrorAlarm")
        self.assertRegex(text, r"Sum Errors of AWS/Lambda FunctionName=order-processing is GreaterThanThreshold 10(\.0)? in 1 of 1")
        shown = json.loads(run(self.server, "alarms", "show", "OrderProcessingErrorAlarm", "--output", "json")[0])
        self.assertEqual(shown["alarm"]["name"], "OrderProcessingErrorAlarm")
        self.assertIsInstance(shown["transitions"], list)
        run(self.server, "alarms", "show", "NoSuchAlarm", expect=NOT_FOUND)


if __name__ == "__main__":
    unittest.main()
