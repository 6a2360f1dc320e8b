// Every page, filled, by axe-core in light and dark, on a phone, and without JavaScript.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "./browser.mjs";
import { Server } from "./server.mjs";

const PAGES = [
  "/console",
  "/console/orders",
  "/console/orders?status=PENDING",
  "/console/orders/ORDER",
  "/console/orders/ORDER?timeline=whole",
  "/console/orders/FAILED",
  "/console/executions",
  "/console/executions/ORDER",
  "/console/queues",
  "/console/queues/OrderProcessingQueue",
  "/console/queues/OrderProcessingDLQ",
  "/console/queues/OrderProcessingDLQ/messages/MESSAGE",
  "/console/queues/OrderProcessingDLQ/messages/MESSAGE/edit",
  "/console/queues/OrderProcessingDLQ/purge",
  "/console/deliveries",
  "/console/deliveries/SUBSCRIPTION",
  "/console/products",
  "/console/products/new",
  "/console/products/PROD-001",
  "/console/keys",
  "/console/keys/new",
  "/console/metrics",
  "/console/metrics?span=1d",
  "/console/metrics?span=14d",
  "/console/metrics?span=1y",
  "/console/traces",
  "/console/traces/TRACE",
  "/console/logs",
  "/console/logs?query=stats%20count(*)%20by%20event_type",
  "/console/logs?query=nonsense",
  "/console/logs/filter",
  "/console/alarms",
  "/console/orders/nothing",
];

let server;
let browser;
const names = {};

before(async () => {
  server = await Server.start("--payment-success-rate", "1");
  browser = await Browser.open();
  await browser.page.goto(`${server.url}/console/login`);
  assert.deepEqual(await browser.violations(), [], "the sign-in page");
  await browser.signIn(server);
  names.ORDER = await server.place();
  await server.call("PUT", "/products/RARE-1", { name: "Rare", price: 10, currency: "USD", stock: 0 });
  names.FAILED = await server.place({ items: [{ productId: "RARE-1", quantity: 1, price: 10 }] });
  await browser.page.goto(`${server.url}/console/orders/${names.FAILED}`);
  await browser.live();
  await browser.page.getByRole("heading", { name: /FAILED/ }).waitFor({ timeout: 120_000 });
  const { subscriptions } = await server.call("GET", "/admin/subscriptions");
  names.SUBSCRIPTION = subscriptions[0].subscription;
  await server.restart(["--payment-success-rate", "1"], () => server.addDeadLetter({ orderId: "<b>x</b>" }));
  await browser.signIn(server);
  const { messages } = await server.call("GET", "/admin/queues/OrderProcessingDLQ/messages");
  names.MESSAGE = messages[0].messageId;
  // What was seen before the restart has been kept.
  const { traces } = await server.call("GET", "/admin/traces");
  names.TRACE = traces.find((trace) => trace.orderId === names.FAILED).traceId;
  const lines = await server.call("GET", "/admin/logs");
  assert.ok(lines.rows.length > 0);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const address = (path) => server.url + path.replace(/\/(ORDER|FAILED|SUBSCRIPTION|MESSAGE|TRACE)(?![A-Za-z])/, (_, name) => `/${names[name]}`);

for (const colorScheme of ["light", "dark"]) {
  for (const path of PAGES) {
    test(`${path} is accessible in ${colorScheme}`, async () => {
      await browser.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await browser.page.goto(address(path));
      assert.deepEqual(await browser.violations(), []);
    });
  }
}

for (const path of PAGES) {
  test(`${path} fits a phone`, async () => {
    await browser.page.setViewportSize({ width: 360, height: 740 });
    await browser.page.goto(address(path));
    const widest = await browser.page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(widest, 360);
    assert.deepEqual(await browser.cutOff(), []);
  });
}

test("a page of alarms that are quiet is no longer than four windows of a phone", async () => {
  await browser.page.setViewportSize({ width: 360, height: 740 });
  await browser.page.goto(address("/console/alarms"));
  assert.ok((await browser.page.locator("details.alarm").count()) > 10);
  const height = await browser.page.evaluate(() => document.documentElement.scrollHeight);
  assert.ok(height < 4 * 740, `${height} px`);
  // Folded, but not gone.
  const alarm = browser.page.locator("details.alarm").first();
  await alarm.locator("summary").click();
  await alarm.locator(".rule").waitFor();
});

for (const colorScheme of ["light", "dark"]) {
  test(`the states that were not taken are legible in ${colorScheme}`, async () => {
    await browser.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await browser.page.setViewportSize({ width: 1440, height: 900 });
    await browser.page.goto(address("/console/orders/FAILED"));
    // axe-core doesn't look into pictures.
    const contrasts = await browser.page.locator(".asl .dim text").evaluateAll((texts) => {
      const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
      const colour = (css) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = css;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
      };
      const light = (rgb) => {
        const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      return texts.map((text) => {
        let opacity = 1;
        for (let at = text; at.parentElement; at = at.parentElement) opacity *= getComputedStyle(at).opacity;
        const behind = text.parentElement.querySelector("rect, path, polygon");
        const below = colour(getComputedStyle(behind).fill);
        const ink = colour(getComputedStyle(text).fill).map((c, at) => c * opacity + below[at] * (1 - opacity));
        const [a, b] = [light(ink), light(below)].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
      });
    });
    assert.ok(contrasts.length > 5, `${contrasts.length} texts`);
    assert.ok(Math.min(...contrasts) >= 4.5, `the least contrast is ${Math.min(...contrasts)}`);
  });
}

test("every page is read without JavaScript", async () => {
  const plain = await Browser.open({ javaScriptEnabled: false });
  try {
    await plain.signIn(server);
    for (const path of PAGES) {
      await plain.page.goto(address(path));
      assert.ok((await plain.page.locator("main h1").textContent()).trim(), path);
      // What only the script can do is not offered.
      assert.equal(await plain.page.getByRole("button", { name: /^(Copy|Live|Switch)/ }).count(), 0, path);
    }
  } finally {
    await plain.close();
  }
});

test("no answer of the console may be read by another origin", async () => {
  for (const path of ["/console", "/console/login", "/console/orders", "/console/live", "/console/nothing"]) {
    const answer = await fetch(server.url + path, { headers: { origin: "https://shop.example" }, redirect: "manual" });
    await answer.body?.cancel();
    assert.equal(answer.headers.get("access-control-allow-origin"), null, path);
  }
});

test("the browser had nothing to complain of", () => {
  assert.deepEqual(browser.faults, []);
});
