// What the system tells of itself: the service map, traces with their waterfall, logs, and an alarm that rings.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "./browser.mjs";
import { Server } from "./server.mjs";

// One more than OrderProcessingErrorAlarm allows in five minutes, for which it then rings.
const FAILURES = 11;

let server;
let browser;
let page;
let done;
let failed;

before(async () => {
  server = await Server.start("--payment-success-rate", "1");
  browser = await Browser.open();
  page = browser.page;
  await browser.signIn(server);
  done = await server.place();
  await server.call("PUT", "/products/RARE-1", { name: "Rare", price: 10, currency: "USD", stock: 0 });
  for (let number = 0; number < FAILURES; number++) failed = await server.place({ items: [{ productId: "RARE-1", quantity: 1, price: 10 }] });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const row = (id) => page.locator("main tbody tr").filter({ has: page.locator(`a[title="${id}"]`) });

test("a trace is found in the list by its order, and read as a waterfall", async () => {
  await page.goto(`${server.url}/console/traces`);
  await browser.live();
  // The page follows until the trace has been kept.
  await row(done).getByText("OK").waitFor();
  assert.equal(await row(done).locator("td").nth(1).textContent(), "POST /orders");
  await row(done).locator("a.id").first().click();
  await page.getByRole("heading", { name: "POST /orders OK" }).waitFor();
  const waterfall = page.getByRole("region", { name: "Trace" });
  for (const span of ["validate_input", "ProcessPayment", "Charge", "Deliver", "Send"]) await waterfall.getByText(span, { exact: true }).first().waitFor();
  assert.equal((await waterfall.locator("tbody tr").first().locator("td").nth(2).textContent()).trim(), "0 µs");
  // Each bar lies within the picture, and the payment's begins after the request's.
  const bars = await waterfall.locator("svg.bar rect.value").evaluateAll((all) =>
    all.map((bar) => [parseFloat(bar.getAttribute("x")), parseFloat(bar.getAttribute("x")) + parseFloat(bar.getAttribute("width"))]),
  );
  assert.equal(bars.length, await waterfall.locator("tbody tr").count());
  assert.ok(bars.every(([begin, end]) => begin >= 0 && end <= 100.01), JSON.stringify(bars));
});

test("what failed is among the failed traces, with its error", async () => {
  await page.goto(`${server.url}/console/traces?only=failed`);
  await browser.live();
  await row(failed).getByText("FAULT").waitFor();
  assert.equal(await row(done).count(), 0);
  await row(failed).locator("a.id").first().click();
  const bad = page.getByRole("region", { name: "Trace" }).locator("tr.bad");
  await bad.getByText("OutOfStock").first().waitFor();
});

test("an order and a trace lead to what was logged of them", async () => {
  await page.goto(`${server.url}/console/orders/${done}`);
  await browser.live();
  await page.getByRole("link", { name: "What was logged of it" }).click();
  const lines = page.getByRole("region", { name: "Lines" });
  for (const event of ["order_created", "payment_processed", "notification_sent"]) await lines.locator("tr", { hasText: event }).first().waitFor();
  assert.equal(await lines.locator("tr", { hasText: failed }).count(), 0);
  await page.goto(`${server.url}/console/traces?only=failed`);
  await browser.live();
  await row(failed).locator("a.id").first().click();
  await page.getByRole("link", { name: "What was logged in it" }).click();
  await lines.locator("tr", { hasText: "order_created" }).filter({ hasText: failed }).waitFor();
  assert.equal(await lines.locator("tr", { hasText: done }).count(), 0);
});

test("metrics are charts with their values, for an hour and for a year", async () => {
  for (const path of ["/console/metrics", "/console/metrics?span=1y"]) {
    await page.goto(server.url + path);
    await browser.live();
    const chart = (title) => page.locator("section.plot", { has: page.getByRole("heading", { name: title, exact: true }) });
    await chart("Orders").getByRole("listitem").filter({ hasText: `placed ${FAILURES + 1}` }).waitFor();
    await chart("Invocations").getByRole("listitem").filter({ hasText: "order-processing" }).waitFor();
    await chart("Latency p99").getByRole("listitem").filter({ hasText: "POST /orders" }).waitFor();
    await chart("Executions").getByRole("listitem").filter({ hasText: `succeeded ${FAILURES + 1}` }).waitFor();
    await chart("Payment success rate").getByRole("listitem").filter({ hasText: "100.0 %" }).waitFor();
    await chart("Orders").getByText("As a table").click();
    await page.getByRole("region", { name: "Orders", exact: true }).getByRole("row").nth(1).waitFor();
  }
});

test("an order leads to its trace", async () => {
  await page.goto(`${server.url}/console/orders/${done}`);
  await browser.live();
  await page.getByRole("link", { name: /in all$/ }).click();
  await page.getByRole("heading", { name: "POST /orders OK" }).waitFor();
});

test("the service map shows who calls whom, on a wide screen and on a narrow one", async () => {
  await page.goto(`${server.url}/console`);
  await browser.live();
  const map = page.getByRole("region", { name: "Service map" });
  for (const [size, shown, hidden] of [[{ width: 1440, height: 900 }, "wide", "narrow"], [{ width: 360, height: 740 }, "narrow", "wide"]]) {
    await page.setViewportSize(size);
    await map.locator(`svg.${shown} .part title`).filter({ hasText: "payment-gateway" }).waitFor({ state: "attached" });
    await map.locator(`svg.${shown}`).waitFor();
    await map.locator(`svg.${hidden}`).waitFor({ state: "hidden" });
    // No name is wider than its box.
    const widest = await map.locator(`svg.${shown} .part`).evaluateAll((parts) =>
      Math.max(...parts.flatMap((part) => [...part.querySelectorAll("text")].map((text) => text.getBBox().x + text.getBBox().width - part.querySelector(".box").width.baseVal.value))),
    );
    assert.ok(widest <= 0, `a text ends ${widest} px outside of its box`);
    // No words of a line lie on a part.
    const covered = await map.locator(`svg.${shown}`).evaluate((svg) => {
      const boxes = [...svg.querySelectorAll(".part .box")].map((box) => box.getBoundingClientRect());
      const meets = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1;
      return [...svg.querySelectorAll(".edge text")].filter((text) => boxes.some((box) => meets(text.getBoundingClientRect(), box))).map((text) => text.textContent);
    });
    assert.deepEqual(covered, []);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await map.locator("svg.wide .part.bad, svg.wide .part.warn").filter({ hasText: "order-processing" }).first().waitFor();
  await page.locator("section", { has: map }).getByText("As a table").click();
  await page.getByRole("region", { name: "Calls" }).getByRole("row", { name: /order-creation OrderProcessingQueue/ }).waitFor();
});

test("logs are read, opened, asked, counted, and followed", async () => {
  await page.goto(`${server.url}/console/logs`);
  await browser.live();
  const lines = page.getByRole("region", { name: "Lines" });
  const line = lines.locator("tr", { hasText: "order_created" }).filter({ hasText: done });
  await line.locator("summary").click();
  await line.getByRole("region", { name: "Line" }).getByText('"customerId": "CUST-001"').waitFor();
  // A line that comes is shown, and what was opened stays open.
  const next = await server.place();
  await lines.locator("tr", { hasText: "order_created" }).filter({ hasText: next }).waitFor();
  assert.ok(await line.locator("details").evaluate((details) => details.open));
  const ask = async (query) => {
    await page.getByRole("textbox", { name: "Query" }).fill(query);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.searchParams.get("query") === query);
  };
  await ask('fields data.orderId | filter event_type = "order_created"');
  await lines.getByRole("columnheader", { name: "data.orderId" }).waitFor();
  await lines.getByRole("cell", { name: done }).waitFor();
  await ask('filter event_type = "order_created" | stats count(*) as orders by data.customerId');
  await lines.getByRole("row", { name: `CUST-001 ${FAILURES + 2}` }).waitFor();
  await ask("fields | nonsense");
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByRole("textbox", { name: "Query" }).getAttribute("aria-invalid"), "true");
});

test("what is logged is changed after a question, and a wrong filter says what is wrong", async () => {
  await page.goto(`${server.url}/console/logs`);
  await page.getByRole("link", { name: "Change" }).click();
  const change = async (filter) => {
    await page.getByLabel("Filter").fill(filter);
    await page.getByRole("button", { name: "Look at the change" }).click();
    const dialog = page.getByRole("dialog", { name: "Change what is logged?" });
    await dialog.locator("code").filter({ hasText: filter }).waitFor();
    await dialog.getByRole("button", { name: "Change it" }).click();
  };
  await change("functions=loud");
  await page.getByRole("alert").waitFor();
  await change("info,embedded=debug");
  await page.getByText("What is logged is changed.").waitFor();
  // That it was changed is logged, too.
  await page.getByRole("region", { name: "Lines" }).getByText("console_log_filter_changed").first().waitFor();
});

test("an alarm rings by itself, on its page and on the overview", async () => {
  await page.goto(`${server.url}/console/alarms`);
  await browser.live();
  const alarm = page.locator('[data-key="OrderProcessingErrorAlarm"]');
  // It is judged when the minute is over.
  await alarm.getByText("ALARM", { exact: true }).waitFor({ timeout: 180_000 });
  await alarm.locator(".spark .breach .value").first().waitFor({ state: "attached" });
  await page.getByRole("region", { name: "Changes" }).getByRole("row", { name: /OrderProcessingErrorAlarm .* ALARM/ }).first().waitFor();
  assert.equal(await page.locator(".alarms .alarm").first().getAttribute("class"), "card alarm rings");
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    assert.deepEqual(await browser.violations(), [], colorScheme);
  }
  await page.goto(`${server.url}/console`);
  await page.getByRole("link", { name: /alarms? rings?/ }).waitFor();
  assert.deepEqual(await browser.violations(), []);
});

test("the browser had nothing to complain of", () => {
  assert.deepEqual(browser.faults, []);
});
