// An operator's day: sign in, watch, look, set right, cancel, sign out.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "./browser.mjs";
import { Server } from "./server.mjs";

let server;
let browser;
let page;

before(async () => {
  server = await Server.start("--payment-success-rate", "1");
  browser = await Browser.open();
  page = browser.page;
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a wrong key is refused with a reason, and the right one leads to where one wanted to go", async () => {
  await page.goto(`${server.url}/console/products`);
  assert.match(page.url(), /\/console\/login\?next=/);
  await page.getByLabel("Admin key").fill(server.defaultKey);
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "not an admin key" }).waitFor();
  await page.getByLabel("Admin key").fill(server.adminKey);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${server.url}/console/products`);
  const cookies = await browser.context.cookies();
  const session = cookies.find((cookie) => cookie.name === "ordermill_session");
  assert.deepEqual([session.httpOnly, session.sameSite, session.path], [true, "Strict", "/console"]);
});

test("an order that is placed appears by itself", async () => {
  await page.goto(`${server.url}/console/orders`);
  await browser.live();
  await page.getByText("There are no orders yet").waitFor();
  const id = await server.place();
  const row = page.locator(`tr[data-key="${id}"]`);
  await row.getByText("COMPLETED").waitFor();
  await page.getByRole("link", { name: /^Completed/ }).getByText("1", { exact: true }).waitFor();
  // Watched live, nothing was loaded anew: what a visitor opened stays open.
  await row.getByRole("link").first().click();
  await page.waitForURL(`**/orders/${id.replaceAll("-", "%2D")}`);
  await page.getByRole("heading", { name: /^Order .* COMPLETED/ }).waitFor();
  assert.equal(await page.getByText("59.98 USD were charged").count(), 1);
  assert.ok((await page.locator(".asl .visited").count()) > 3);
});

test("what was opened stays open while the page is brought up to date", async () => {
  await page.goto(`${server.url}/console/orders`);
  await browser.live();
  const first = page.locator("main tbody tr a.id").first();
  await first.focus();
  const id = await server.place();
  await page.locator(`tr[data-key="${id}"]`).getByText("COMPLETED").waitFor();
  assert.equal(await first.evaluate((link) => link === document.activeElement), false);
  assert.equal(await page.evaluate(() => document.activeElement.matches("a.id")), true);
});

test("an order that fails is seen with its reason", async () => {
  await server.call("PUT", "/products/RARE-1", { name: "Rare", price: 10, currency: "USD", stock: 0 });
  const id = await server.place({ items: [{ productId: "RARE-1", quantity: 1, price: 10 }] });
  await page.goto(`${server.url}/console/orders/${id}`);
  await browser.live();
  await page.getByRole("heading", { name: /FAILED/ }).waitFor();
  await page.locator(".timeline li.bad").first().waitFor();
  const states = page.getByRole("region", { name: "States" });
  await states.getByText("OutOfStock").first().waitFor();
  assert.ok((await page.locator(".asl .failed").count()) >= 1);
});

test("a product is changed after a question in a dialog that names the change", async () => {
  await page.goto(`${server.url}/console/products/PROD-001`);
  await page.getByLabel("Stock").fill("-3");
  await page.getByRole("button", { name: "Look at the change" }).click();
  await page.getByText("whole number from 0").waitFor();
  await page.getByLabel("Stock").fill("77");
  await page.getByRole("button", { name: "Look at the change" }).click();
  const dialog = page.getByRole("dialog", { name: "Change this product?" });
  await dialog.getByRole("row", { name: /Stock .* 77/ }).waitFor();
  await dialog.getByRole("link", { name: "No, go back" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.notEqual((await server.call("GET", "/products/PROD-001")).stock, 77);
  await page.getByRole("button", { name: "Look at the change" }).click();
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("Product PROD-001 is changed.").waitFor();
  assert.equal((await server.call("GET", "/products/PROD-001")).stock, 77);
});

test("a key is made, shown once, works, and is revoked", async () => {
  await page.goto(`${server.url}/console/keys/new`);
  await page.getByLabel("Name").fill("till");
  await page.getByLabel("Quota").fill("10");
  await page.getByRole("button", { name: "Look at it" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Make the key" }).click();
  const secret = await page.locator(".secret code").textContent();
  const products = () => fetch(`${server.url}/products`, { headers: { "x-api-key": secret } });
  assert.equal((await products()).status, 200);
  await page.getByRole("link", { name: "I have kept it" }).click();
  assert.equal((await page.content()).includes(secret), false);
  await page.getByRole("link", { name: "Revoke till" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke the key" }).click();
  await page.getByText("The key till is revoked.").waitFor();
  assert.equal((await products()).status, 403);
});

test("the keyboard alone is enough", async () => {
  await page.goto(`${server.url}/console`);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await page.waitForURL("**/console/orders");
  await page.keyboard.press("j");
  const order = await page.evaluate(() => document.activeElement.title);
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/console/orders/${order.replaceAll("-", "%2D")}`);
  await page.keyboard.press("g");
  await page.keyboard.press("m");
  await page.waitForURL("**/console/metrics");
  await page.keyboard.press("/");
  await page.keyboard.type("CUST-001");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/console/orders?customer=CUST-001");
  assert.equal(await page.getByLabel("Customer", { exact: true }).inputValue(), "CUST-001");
});

test("live updates can be paused", async () => {
  await page.goto(`${server.url}/console/orders`);
  await browser.live();
  await page.getByRole("button", { name: /Live updates/ }).click();
  await page.locator('#live[data-state="paused"]').waitFor();
  const id = await server.place();
  await page.getByRole("button", { name: /Live updates/ }).click();
  await page.locator(`tr[data-key="${id}"]`).waitFor();
});

test("the colours that were chosen stay", async () => {
  await page.goto(`${server.url}/console`);
  await page.getByRole("button", { name: "Switch between light and dark" }).click();
  const chosen = await page.evaluate(() => document.documentElement.dataset.theme);
  await page.reload();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), chosen);
  await browser.context.clearCookies({ name: "ordermill_theme" });
});

test("an order full of HTML is only text", async () => {
  const evil = `"'><img src=x onerror="window.hit=1"><script>window.hit=2</script>`;
  const id = await server.place({ customerId: "C<b>1", metadata: { note: evil, [evil]: evil } });
  for (const path of ["/console/orders", `/console/orders/${id}`, `/console/executions/${id}`, "/console"]) {
    await page.goto(server.url + path);
    assert.equal(await page.evaluate(() => window.hit), undefined, path);
    assert.equal(await page.locator("main img").count(), 0, path);
  }
});

test("signing out ends it", async () => {
  await page.goto(`${server.url}/console`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/console/login");
  await page.goBack();
  await page.reload();
  assert.match(page.url(), /\/console\/login/);
});

test("the browser had nothing to complain of", () => {
  assert.deepEqual(browser.faults, []);
});
