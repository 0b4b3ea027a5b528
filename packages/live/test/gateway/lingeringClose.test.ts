import { Socket } from "node:net";
import { until } from "@peek/kit/testing";
import { expect, test } from "vitest";
import type { RawBrowser } from "./RawBrowser.ts";
import { TestSite } from "./TestSite.ts";

/** The TCP socket below a browser's WebSocket. ws offers no public access to it. */
function below({ socket }: RawBrowser): Socket {
  const found: unknown = Reflect.get(socket, "_socket");
  if (!(found instanceof Socket)) throw new Error("There is no socket");
  return found;
}

/** Writes, and waits until the operating system has taken it. Returns whether it has. */
async function write(socket: Socket, bytes: Uint8Array): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.write(bytes, (error) => resolve(error === undefined || error === null));
  return promise;
}

test("a browser that goes on to send after the gateway has closed its connection, and reads late, receives the reasons", async () => {
  await using site = await TestSite.open({ beatMs: 200 });
  const witness = await site.browser("bert");
  const browser = await site.browser();
  browser.socket.pause();
  for (let sent = 0; sent < 21; sent += 1) browser.send("invalid");
  await until("the messages to be refused", () => site.log.lines.some((line) => line.includes("sent an invalid")));
  // Ticks pass, ten in a beat.
  for (let beats = 0; beats < 3; beats += 1) await witness.next("beat");
  for (let sent = 0; sent < 100; sent += 1) expect(await write(below(browser), Buffer.alloc(1000))).toBe(true);
  browser.socket.resume();
  expect(await browser.untilClosed()).toBe(4429);
  expect(browser.messages.filter(({ t }) => t === "err")).toHaveLength(21);
});

test("a browser that goes on to send for ever after the gateway has closed its connection is cut", async () => {
  // No tick cuts it.
  await using site = await TestSite.open({ beatMs: 600_000 });
  const browser = await site.browser();
  const socket = below(browser);
  browser.socket.pause();
  site.sessions.get("anna")?.abort();
  const block = Buffer.alloc(1024 * 1024);
  let mebibytes = 0;
  while (await write(socket, block)) mebibytes += 1;
  // Some of it was in the buffers of the operating system.
  expect(mebibytes).toBeLessThan(100);
});
