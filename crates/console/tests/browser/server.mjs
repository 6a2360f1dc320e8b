// A real server on a directory of its own, and a client for its HTTP interface.
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

// A message that names no order, as a dead letter that its queue gave up on. The server doesn't run meanwhile.
const DEAD_LETTER = `
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1])
queue = db.execute("SELECT id FROM names WHERE kind = 'queue' AND name = 'OrderProcessingDLQ'").fetchone()[0]
now = int(time.time() * 1000)
seq = db.execute("SELECT coalesce(max(seq), 0) + 1 FROM messages").fetchone()[0]
db.execute("INSERT INTO messages (seq, queue, body, trace, sent_at, visible_at, receives, last_error, source)"
           " VALUES (?, ?, ?, '', ?, ?, 3, 'there is no order <b>x</b>', 'queue:OrderProcessingQueue')",
           (seq, queue, sys.argv[2], now, now))
db.commit()
`;

export class Server {
  /** Starts `ordermill serve` with further arguments on a new directory; resolves once it listens. */
  static async start(...args) {
    const server = new Server();
    server.dir = mkdtempSync(join(tmpdir(), "ordermill-browser-"));
    server.data = join(server.dir, "data");
    await server.listen("127.0.0.1:0", args);
    const key = (name) => readFileSync(join(server.data, `${name}.key`), "utf8").trim();
    server.adminKey = key("admin");
    server.defaultKey = key("default");
    return server;
  }

  async listen(address, args) {
    const all = ["serve", "--data", this.data, "--listen", address, ...args];
    this.process = spawn(process.env.ORDERMILL_BIN, all, { stdio: ["ignore", "ignore", "pipe"] });
    this.url = await new Promise((resolve, reject) => {
      this.process.on("exit", (code) => reject(new Error(`the server ended with ${code}`)));
      createInterface({ input: this.process.stderr }).on("line", (line) => {
        const match = /listening on (http:\S+)/.exec(line);
        if (match) resolve(match[1]);
      });
    });
  }

  /** Starts anew on the same directory and port; `meanwhile` runs while nothing does. */
  async restart(args, meanwhile = () => {}) {
    await this.end();
    meanwhile();
    await this.listen(new URL(this.url).host, args);
  }

  /** Puts a message on the dead-letter queue, as one that order processing failed with. Only while nothing runs. */
  addDeadLetter(body) {
    execFileSync("python3", ["-c", DEAD_LETTER, join(this.data, "ordermill.db"), JSON.stringify(body)]);
  }

  async call(method, path, body, headers = {}) {
    const response = await fetch(this.url + path, {
      method,
      headers: { "x-api-key": path.startsWith("/admin") || method === "PUT" ? this.adminKey : this.defaultKey, "content-type": "application/json", ...headers },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text && JSON.parse(text);
  }

  /** Places an order, in a trace that is kept, and returns its id. */
  async place(order = {}) {
    const items = order.items || [{ productId: "PROD-001", quantity: 2, price: 29.99 }];
    const placed = await this.call("POST", "/orders", {
      customerId: "CUST-001",
      customerEmail: "customer@example.com",
      ...order,
      items,
    }, { traceparent: `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01` });
    return placed.orderId;
  }

  async end() {
    this.process.removeAllListeners("exit");
    const ended = new Promise((resolve) => this.process.on("exit", resolve));
    this.process.kill("SIGTERM");
    await ended;
  }

  async stop() {
    await this.end();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
