// Every page by axe-core, in light and dark, and on a phone; and how long the server took for each.
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
  "/console/queues/OrderProcessingDLQ/purge",
  "/console/deliveries",
  "/console/deliveries/SUBSCRIPTION",
  "/console/products",
  "/console/products/new",
  "/console/products/PROD-001",
  "/console/keys",
  "/console/keys/new",
  "/console/traces",
  "/console/logs",
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
  await browser.page.getByRole("heading", { name: /FAILED/ }).waitFor();
  const { subscriptions } = await server.call("GET", "/admin/subscriptions");
  names.SUBSCRIPTION = subscriptions[0].subscription;
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const address = (path) => server.url + path.replace(/ORDER|FAILED|SUBSCRIPTION/, (name) => names[name]);

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
  });
}

test("the browser had nothing to complain of", () => {
  assert.deepEqual(browser.faults, []);
});
