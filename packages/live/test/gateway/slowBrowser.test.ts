import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { canonical, selector, TestSite } from "./TestSite.ts";

const mebi = 1024 * 1024;

/** A text of so many characters that does not compress well. */
function noise(length: number): string {
  return randomBytes(length).toString("base64").slice(0, length);
}

test("a browser that does not read costs little, delays nobody, and has the latest state when it reads again", async () => {
  await using site = await TestSite.open();
  const channel = site.channels.channel(selector);
  channel.put({ id: 0, text: "first" });
  const slow = await site.browser();
  const quick = await site.browser();
  const c = await slow.subscribe(1, canonical);
  await quick.subscribe(1, canonical);
  await slow.untilRow(c, 0, "first");
  slow.socket.pause();
  let most = 0;
  for (let change = 1; change <= 400; change += 1) {
    channel.put({ id: change % 5, text: `${change} ${noise(100_000)}` }, { id: 9, text: String(change) });
    await quick.untilRow(c, 9, String(change));
    most = Math.max(most, site.gateway.statistics().bufferedBytes);
  }
  expect(most).toBeLessThan(mebi);
  expect(site.gateway.statistics().lagging).toBe(1);
  expect(quick.messages.filter(({ t }) => t === "d").length).toBe(400);
  slow.socket.resume();
  await slow.untilRow(c, 9, "400");
  expect(slow.gaps).toBe(0);
  // It was not sent each step, but what came of those that it missed.
  expect(slow.messages.filter(({ t }) => t === "d").length).toBeLessThan(300);
  expect(slow.channels.get(c)?.rows).toEqual(quick.channels.get(c)?.rows);
  await expect.poll(() => site.gateway.statistics()).toMatchObject({ lagging: 0, bufferedBytes: 0 });
}, 30_000);

test("a message of many MiB waits in parts, with pongs between them and no other message", async () => {
  await using site = await TestSite.open();
  const channel = site.channels.channel(selector);
  channel.put({ id: 0, text: "first" });
  const browser = await site.browser();
  const c = await browser.subscribe(1, canonical);
  await browser.untilRow(c, 0, "first");
  const large = noise(30 * mebi);
  browser.socket.pause();
  channel.put({ id: 1, text: large });
  expect(site.gateway.statistics().bufferedBytes).toBeLessThan(mebi);
  browser.socket.ping();
  // Replies and changes that come meanwhile wait until it is out.
  browser.send("no message");
  channel.put({ id: 2, text: "small" });
  expect(site.gateway.statistics().bufferedBytes).toBeLessThan(mebi);
  const pong = once(browser.socket, "pong");
  browser.socket.resume();
  await pong;
  await browser.untilRow(c, 2, "small");
  expect(browser.channels.get(c)?.rows.get(1)?.text === large).toBe(true);
  await browser.next("err");
  expect(browser.gaps).toBe(0);
}, 30_000);

test("a large snapshot is compressed, once for all, and what comes after it keeps its order", async () => {
  await using site = await TestSite.open();
  const channel = site.channels.channel(selector);
  const rows = Array.from({ length: 5000 }, (_, id) => ({ id, text: `pump ${id}` }));
  channel.put(...rows);
  const browsers = await Promise.all(Array.from({ length: 10 }, () => site.browser()));
  const [c = -1] = await Promise.all(
    browsers.map(async (each) => {
      const number = each.subscribe(1, canonical);
      await number;
      return number;
    }),
  );
  // While it is being compressed for some of them.
  channel.put({ id: 0, text: "changed" });
  await Promise.all(browsers.map((each) => each.untilRow(c, 0, "changed")));
  const plain = JSON.stringify(channel.rows).length;
  for (const each of browsers) {
    expect(each.binaryFrames).toBe(1);
    expect(each.bytes).toBeLessThan(plain / 2);
    expect(each.gaps).toBe(0);
    expect([...(each.channels.get(c)?.rows.values() ?? [])]).toEqual(channel.rows);
  }
});

test("a browser that takes nothing for too long is closed, and said so once", async () => {
  await using site = await TestSite.open({ beatMs: 100 });
  const channel = site.channels.channel(selector);
  channel.put({ id: 0, text: "first" });
  const stuck = await site.browser();
  const lively = await site.browser();
  const c = await stuck.subscribe(1, canonical);
  await lively.subscribe(1, canonical);
  await stuck.untilRow(c, 0, "first");
  stuck.socket.pause();
  channel.put({ id: 1, text: noise(30 * mebi) });
  await lively.until("the large row", () => lively.channels.get(c)?.rows.get(1));
  await expect
    .poll(() => site.gateway.statistics(), { timeout: 10_000 })
    .toMatchObject({ connections: 1, subscriptions: 1 });
  expect(site.log.lines.join("\n")).toContain("takes nothing of what is sent to it");
  channel.put({ id: 0, text: "go on" });
  await lively.untilRow(c, 0, "go on");
}, 30_000);

/** A browser that takes a few KiB at a time from the system, and only when it is told to. It watches what there is. */
async function trickle(site: TestSite): Promise<Socket> {
  const { port } = new URL(site.url);
  const chunk = Buffer.alloc(32 * 1024);
  const socket = connect({ host: "127.0.0.1", port: Number(port), onread: { buffer: chunk, callback: () => false } });
  await once(socket, "connect");
  const lines = [
    "GET /vortex HTTP/1.1",
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    "Sec-WebSocket-Protocol: peek.client.1",
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  const text = JSON.stringify({ t: "sub", id: 1, sel: canonical });
  // A short frame whose mask is nought.
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]));
  return socket;
}

// Elsewhere nobody knows what the system has sent.
test.skipIf(!existsSync("/proc/self/net/tcp"))(
  "a browser that takes little, so that only the system sees it, is not taken for stuck",
  async () => {
    await using site = await TestSite.open({ beatMs: 100 });
    site.channels.channel(selector).put({ id: 0, text: noise(30 * mebi) });
    const socket = await trickle(site);
    using _ending = { [Symbol.dispose]: () => void socket.destroy() };
    await expect.poll(() => site.gateway.statistics().subscriptions).toBe(1);
    // What is tested is how slow it is: for 4 s, while one that takes nothing for 1.5 s is stuck.
    for (let step = 0; step < 20; step += 1) {
      await setTimeout(200);
      socket.resume();
    }
    expect(site.gateway.statistics().connections).toBe(1);
    // Now it takes nothing any more.
    await expect.poll(() => site.gateway.statistics().connections, { timeout: 10_000 }).toBe(0);
    expect(site.log.lines.join("\n")).toContain("takes nothing of what is sent to it");
  },
  30_000,
);
