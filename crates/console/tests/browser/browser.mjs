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

  /** What of the page's content can't be seen whole: words, buttons, fields and bars that end outside of the window, or of
      what they stand in. What scrolls on purpose is left out, and what ends in "…" and opens. */
  cutOff() {
    return this.page.evaluate(() => {
      const SCROLLS = ".graph, .tabs, pre, .low";
      const CONTROLS = "button, .button, input, select, textarea, meter, summary, rect.value, path.curve";
      const isShown = (element) => {
        for (let at = element; at; at = at.parentElement) {
          const style = getComputedStyle(at);
          if (style.display === "none" || style.visibility === "hidden" || style.clipPath !== "none" || style.textOverflow === "ellipsis") return false;
        }
        return element.checkVisibility({ contentVisibilityAuto: true });
      };
      // As far as one sees: the window, and whatever clips on the way to it.
      const sight = (element) => {
        let [left, right] = [0, document.documentElement.clientWidth];
        for (let at = element.parentElement; at; at = at.parentElement) {
          if (at.matches("svg *, body, html") || getComputedStyle(at).overflowX === "visible") continue;
          const box = at.getBoundingClientRect();
          [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
        }
        return [left, right];
      };
      const faults = [];
      for (const element of document.querySelectorAll("main *")) {
        if (element.closest(SCROLLS) || element.closest("title, desc, option")) continue;
        const boxes = element.matches(CONTROLS) ? [element.getBoundingClientRect()] : [];
        for (const node of element.childNodes) {
          if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) continue;
          const range = document.createRange();
          range.selectNodeContents(node);
          boxes.push(...range.getClientRects());
        }
        if (!boxes.length || !isShown(element)) continue;
        const [left, right] = sight(element);
        const cut = boxes.find((box) => box.width > 0 && (box.left < left - 1 || box.right > right + 1));
        if (cut) faults.push(`${element.outerHTML.slice(0, 100)}: ${Math.round(cut.left)} to ${Math.round(cut.right)}, seen ${Math.round(left)} to ${Math.round(right)}`);
      }
      return faults;
    });
  }

  async close() {
    await this.context.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
