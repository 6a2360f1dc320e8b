// What an operator is there for: a refund that fails, a dead letter, an order to be withdrawn.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "./browser.mjs";
import { Server } from "./server.mjs";

const GOOD = ["--payment-success-rate", "1"];

let server;
let browser;
let page;
let failed;
let done;

before(async () => {
  server = await Server.start("--payment-success-rate", "1", "--payment-refund-failure-rate", "1");
  browser = await Browser.open();
  page = browser.page;
  await browser.signIn(server);
  done = await server.place();
  await server.call("PUT", "/products/RARE-1", { name: "Rare", price: 10, currency: "USD", stock: 0 });
  failed = await server.place({ items: [{ productId: "RARE-1", quantity: 1, price: 10 }] });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a refund that keeps failing is seen to need attention, and run again once the gateway works", async () => {
  await page.goto(`${server.url}/console/orders/${failed}`);
  await browser.live();
  await page.getByText("This order needs attention").waitFor({ timeout: 120_000 });
  const body = { orderId: "01a2042a-7347-7000-8067-267b8081be8f", createdAt: "2026-11-22T16:50:20.615Z" };
  await server.restart(GOOD, () => server.addDeadLetter(body));
  // The sessions were the old server's.
  await browser.signIn(server, "/console");
  await page.getByRole("link", { name: "1 order needs attention" }).click();
  await page.locator(`tr[data-key="${failed}"] a.id`).click();
  await page.getByRole("link", { name: "run its execution again" }).click();
  await page.getByRole("dialog", { name: "Run this execution again?" }).getByRole("button", { name: "Run it again" }).click();
  await page.getByText("The execution runs again.").waitFor();
  await page.goto(`${server.url}/console/orders/${failed}`);
  await browser.live();
  await page.getByRole("heading", { name: /FAILED/ }).waitFor();
  await page.getByText("were given back").first().waitFor();
});

test("a dead letter is found from the overview, set right, and sent back", async () => {
  await page.goto(`${server.url}/console`);
  await page.getByRole("link", { name: "1 dead letter in OrderProcessingDLQ" }).click();
  await page.getByRole("region", { name: "Messages" }).getByRole("link").first().click();
  await page.getByText("there is no order <b>x</b>").waitFor();
  await page.getByRole("link", { name: "Edit the body" }).click();
  const order = await server.call("GET", `/orders/${done}`);
  const body = JSON.stringify({ orderId: done, createdAt: order.createdAt });
  await page.getByLabel("Body").fill(body);
  await page.getByRole("button", { name: "Look at the change" }).click();
  const dialog = page.getByRole("dialog", { name: "Change this message's body?" });
  await dialog.getByRole("region", { name: "New body" }).getByText(done).waitFor();
  await dialog.getByRole("button", { name: "Change the body" }).click();
  await page.getByText("The body is changed.").waitFor();
  await page.getByRole("link", { name: "Redrive", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Redrive" }).click();
  await page.getByText("One message went back").waitFor();
  await page.getByText("No dead letters").waitFor();
  // It named an order that is done: there was nothing more to do, and the queue is drained.
  await page.goto(`${server.url}/console/queues`);
  await browser.live();
  await page.locator('tr[data-key="OrderProcessingQueue"]').getByText("DRAINED").waitFor();
});

test("an order under way is cancelled after a question, and its money is given back", async () => {
  await server.restart([...GOOD, "--payment-delay-ms", "5000"]);
  await browser.signIn(server);
  const id = await server.place();
  await page.goto(`${server.url}/console/orders/${id}`);
  await browser.live();
  const dialog = page.getByRole("dialog", { name: "Cancel this order?" });
  await page.getByRole("link", { name: "Cancel order" }).click();
  await dialog.waitFor();
  // Escape says no.
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  // And by keyboard alone: open it, say why, go on to the button, and press it.
  await page.getByRole("link", { name: "Cancel order" }).focus();
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  await dialog.getByLabel(/Reason/).focus();
  await page.keyboard.type("Ordered twice");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Cancel the order");
  await page.keyboard.press("Enter");
  await page.getByText("The order is cancelled.").waitFor();
  assert.equal((await server.call("GET", `/orders/${id}`)).status, "CANCELLED");
  // The execution finds that out by itself, and the page follows.
  await page.getByRole("region", { name: "States" }).getByText("MarkOrderFailed").waitFor({ timeout: 120_000 });
});

test("without JavaScript everything is read and done, too", async () => {
  const plain = await Browser.open({ javaScriptEnabled: false });
  try {
    await plain.signIn(server);
    const id = await server.place();
    await plain.page.goto(`${server.url}/console/orders/${id}`);
    await plain.page.getByRole("link", { name: "Cancel order" }).click();
    await plain.page.getByRole("heading", { name: "Cancel this order?" }).waitFor();
    await plain.page.getByRole("button", { name: "Cancel the order" }).click();
    await plain.page.getByText("The order is cancelled.").waitFor();
    await plain.page.getByRole("link", { name: "Orders", exact: true }).first().click();
    await plain.page.getByRole("link", { name: /^Cancelled/ }).click();
    await plain.page.locator(`tr[data-key="${id}"]`).waitFor();
  } finally {
    await plain.close();
  }
});

test("the browser had nothing to complain of", () => {
  assert.deepEqual(browser.faults, []);
});
