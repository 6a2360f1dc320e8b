"""A collector of traces that is not ours: rotel, from PyPI, which says on its standard output what it was sent."""

import pathlib
import re
import socket
import subprocess
import sys
import tempfile

from support import DEADLINE_S, enter, eventually


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Collector:
    """rotel, taking OTLP on a port of 127.0.0.1."""

    def __init__(self, add_cleanup):
        import rotel

        directory = enter(tempfile.TemporaryDirectory(prefix="ordermill-collector-"), add_cleanup)
        self.output = pathlib.Path(directory) / "output.txt"
        self.port = free_port()
        agent = pathlib.Path(rotel.__file__).parent / "rotel-agent"
        command = [agent, "start", "--exporter", "blackhole", "--debug-log", "traces", "--debug-log-verbosity", "detailed"]
        command += ["--otlp-http-endpoint", f"127.0.0.1:{self.port}"]
        command += ["--otlp-grpc-endpoint", f"127.0.0.1:{free_port()}"]
        command += ["--pid-file", str(pathlib.Path(directory) / "pid"), "--log-file", str(pathlib.Path(directory) / "log")]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        add_cleanup(self.stop)
        eventually(self._answers, bool, "the collector's start")

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def _answers(self):
        assert self.process.poll() is None, self.output.read_text()
        with socket.socket() as connection:
            return connection.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(DEADLINE_S)

    def spans(self):
        """Ends the collector, which writes what it still has; then every span as a dictionary, by OpenTelemetry's names."""
        self.stop()
        return parse(self.output.read_text())


def parse(text):
    """Reads the collector's form: resources, each with its attributes and its spans, one property a line."""
    spans, resource, attributes = [], {}, {}
    for line in text.splitlines():
        if line.startswith("Resource attributes:"):
            attributes = resource = {}
        elif re.match(r"Span #\d+", line):
            attributes = {}
            spans.append({"resource": resource, "attributes": attributes})
        elif found := re.match(r"\s+-> (\S+): Str\((.*)\)$", line):
            attributes[found[1]] = found[2]
        elif found := re.match(r"\s+(Trace ID|Parent ID|ID|Name|Kind)\s*: (.*)$", line):
            spans[-1][found[1]] = found[2]
        elif found := re.match(r"(Start|End) time: (\d+)$", line):
            spans[-1][found[1]] = int(found[2])
    return spans


if __name__ == "__main__":
    print(*parse(sys.stdin.read()), sep="\n")
