"""Schemathesis, with all its checks, against a running server and the description that it serves of itself.

Usage: run.py [options of `schemathesis run`]. The server is the built binary on a new data directory, with orders,
products and a dead letter to find; it has a client's key without limits and an admin's.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from support import Server, order  # noqa: E402

PAYMENTS = ("--payment-success-rate", "0.8", "--payment-failures",
            "declined=1,error=1,timeout-before-charge=1,timeout-after-charge=1")


def main():
    with tempfile.TemporaryDirectory(prefix="ordermill-api-") as directory:
        with Server(pathlib.Path(directory) / "data", "--log", "warn", *PAYMENTS) as server:
            return run(server, sys.argv[1:])


def run(server, options):
    admin = server.client(server.key("admin"))
    # A quota that nobody reaches is a plan of its own, without a throttle.
    key = admin.call("POST", "/admin/keys", {"name": "schemathesis", "quota": 1_000_000_000}).json["key"]
    client = server.client(key)
    for number in range(5):
        assert client.call("POST", "/orders", order(customerId=f"CUST-{number}")).status == 201
    own = [text for k in admin.call("GET", "/admin/keys").json["keys"] for text in (k["name"], k["keyId"])]
    environment = {**os.environ, "ORDERMILL_OWN_KEYS": ",".join(own), "ORDERMILL_API_KEY": key,
                   "ORDERMILL_ADMIN_KEY": admin.key, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [str(pathlib.Path(sys.executable).parent / "schemathesis"), "--config-file", "schemathesis.toml", "run",
               f"{server.url}/openapi.json", "--checks", "all", *options]
    code = subprocess.run(command, cwd=HERE, env=environment).returncode
    if server.process.poll() is not None:
        print("the server has ended:\n" + "".join(server.log[-50:]))
        return 1
    errors = [line for line in server.log if "panicked" in line]
    print("".join(errors), end="")
    return code or bool(errors)


if __name__ == "__main__":
    sys.exit(main())
