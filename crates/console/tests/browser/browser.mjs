// Chromium as a person has it, only without a window; and axe-core on whatever page is open.
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export class Browser {
  static async open(options = {}) {
    const browser = new Browser();
    browser.dir = mkdtempSync(join(tmpdir(), "ordermill-chromium-"));
    browser.context = await chromium.launchPersistentContext(browser.dir, {
      executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
      headless: true,
      args: ARGS,
      viewport: { width: 1440, height: 900 },
      ...options,
    });
    browser.context.setDefaultTimeout(30_000);
    browser.faults = [];
    browser.page = await browser.context.newPage();
    // What a visitor's own browser would complain of fails the tests: a script that breaks, a policy that is broken.
    browser.page.on("pageerror", (error) => browser.faults.push(error.message));
    browser.page.on("console", (message) => {
      const isNetwork = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !isNetwork) browser.faults.push(message.text());
    });
    return browser;
  }

  async signIn(server, next = "/console") {
    await this.page.goto(`${server.url}/console/login?next=${encodeURIComponent(next)}`);
    await this.page.getByLabel("Admin key").fill(server.adminKey);
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await this.page.waitForURL(server.url + next);
  }

  /** Resolves once the page is told of what is new. */
  async live() {
    await this.page.locator('#live[data-state="live"]').waitFor();
  }

  /** What axe-core finds wrong with the page, each with where. */
  async violations() {
    // By the debugger's way, which the page's policy doesn't bind.
    await this.page.evaluate(AXE);
    const { violations } = await this.page.evaluate(() =>
      axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
    );
    return violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((node) => node.html.slice(0, 160)).slice(0, 3).join(" | ")}`);
  }

  async close() {
    await this.context.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
