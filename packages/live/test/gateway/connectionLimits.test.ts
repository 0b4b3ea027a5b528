import { once } from "node:events";
import { connect, Socket } from "node:net";
import { until } from "@peek/kit/testing";
import { TupleSelector } from "@peek/plugin-base/contracts";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { action, canonical, observable, TestSite } from "./TestSite.ts";

/** How a connection is refused before it is one. */
async function refusal(
  url: string,
  headers: Record<string, string> = {},
  protocol = "peek.client.1",
): Promise<{ status: number | undefined; retryAfter: string | undefined }> {
  const socket = new WebSocket(url, protocol, { headers });
  const { promise, resolve } = Promise.withResolvers<{ status: number | undefined; retryAfter: string | undefined }>();
  socket.on("error", () => undefined);
  socket.on("unexpected-response", (request, response) => {
    resolve({ status: response.statusCode, retryAfter: response.headers["retry-after"] });
    request.destroy();
  });
  return promise;
}

/** The connection of a browser that is not logged in, requests a WebSocket, and then sends nothing and does not close. */
function silent(url: string): Socket {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port), allowHalfOpen: true });
  const lines = [
    ...["GET /vortex HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket", "X-User: nobody"],
    ...["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
    "Sec-WebSocket-Protocol: peek.client.1",
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  return socket;
}

/** All that the gateway sends on a connection. */
async function answerOf(socket: Socket): Promise<string> {
  let answer = "";
  socket.on("data", (data) => void (answer += data.toString("latin1")));
  await once(socket, "end");
  return answer;
}

test("browsers beyond the connection limit are refused by HTTP with a time to try again", async () => {
  await using site = await TestSite.open({ maxConnections: 2 });
  await site.browser();
  const second = await site.browser();
  expect(await refusal(site.url)).toEqual({ status: 503, retryAfter: "5" });
  await second[Symbol.asyncDispose]();
  await expect.poll(() => site.gateway.statistics().connections).toBe(1);
  await site.browser();
});

test("a device and a user cannot exceed their connection limits, and others can connect", async () => {
  await using site = await TestSite.open({ maxPerDevice: 2, maxPerUser: 3 });
  await site.browser("anna", "phone");
  await site.browser("anna", "phone");
  expect(await refusal(site.url, { "x-user": "anna", "x-device": "phone" })).toMatchObject({ status: 429 });
  await site.browser("anna", "desk");
  expect(await refusal(site.url, { "x-user": "anna", "x-device": "another" })).toMatchObject({ status: 429 });
  await site.browser("bert", "another");
});

test("a WebSocket of another subprotocol or of an ended session is refused", async () => {
  await using site = await TestSite.open();
  expect(await refusal(site.url, {}, "chat")).toMatchObject({ status: 400 });
  site.sessions.set("eve", new AbortController());
  site.sessions.get("eve")?.abort();
  expect(await refusal(site.url, { "x-user": "eve" })).toMatchObject({ status: 401 });
});

test("a browser gets subscriptions up to the limit, and is closed when it goes on to ask for more", async () => {
  // Nothing more is granted while it runs.
  await using site = await TestSite.open({ beatMs: 600_000 });
  const browser = await site.browser();
  const of = (id: number): string => new TupleSelector(observable, { id }).canonical();
  for (let id = 0; id < 1200; id += 1) browser.send({ t: "sub", id, sel: of(id) });
  await browser.next("off", ({ id }) => id === 1199);
  const refused = browser.messages.flatMap((message) => (message.t === "off" ? [message.code] : []));
  expect(new Set(refused)).toEqual(new Set(["SUBSCRIPTION_LIMIT"]));
  expect(site.gateway.statistics()).toMatchObject({ subscriptions: 1000, channels: 1000 });
  // One that ends makes room for another.
  browser.send({ t: "unsub", id: 0 });
  await browser.subscribe(2000, of(2000));
  // A browser that goes on is closed.
  for (let id = 3000; id < 13_000; id += 1) browser.send({ t: "sub", id, sel: of(id) });
  expect(await browser.untilClosed()).toBe(4429);
  expect(browser.messages.at(-1)).toMatchObject({ t: "err", code: "CLIENT_OVERLOAD" });
});

test("a browser that pings all the time is closed", async () => {
  await using site = await TestSite.open({ beatMs: 600_000 });
  const browser = await site.browser();
  // Not all at once: ws would cut it off by itself.
  const pinging = (): void => {
    for (let ping = 0; ping < 20; ping += 1) browser.socket.ping(String(ping));
  };
  browser.socket.on("pong", (data) => {
    if (data.toString() === "19") pinging();
  });
  pinging();
  expect(await browser.untilClosed()).toBe(4429);
});

test("a browser that sends pongs all the time is closed", async () => {
  await using site = await TestSite.open({ beatMs: 600_000 });
  const browser = await site.browser();
  for (let pong = 0; pong < 5000; pong += 1) browser.socket.pong();
  expect(await browser.untilClosed()).toBe(4429);
});

test("a browser that sends many empty fragments is closed, because all bytes count", async () => {
  // Nothing more is granted while it runs.
  await using site = await TestSite.open({ beatMs: 600_000 });
  const browser = await site.browser();
  for (let sent = 0; sent < 31; sent += 1) browser.send(`{"t":"beat"${" ".repeat(512 * 1024 - 12)}}`);
  const below: unknown = Reflect.get(browser.socket, "_socket");
  if (!(below instanceof Socket)) throw new Error("There is no socket");
  // Each says that it is a part of nothing, in as many bytes as possible.
  const empty = Buffer.from([0x00, 0xff, ...Array.from({ length: 12 }, () => 0)]);
  const text = Buffer.from('{"t":"beat"}');
  const last = Buffer.concat([Buffer.from([0x80, 0x80 + text.length, 0, 0, 0, 0]), text]);
  const message = Buffer.concat([
    Buffer.from([0x01, 0x80, 0, 0, 0, 0]),
    ...Array.from({ length: 15_000 }, () => empty),
    last,
  ]);
  for (let sent = 0; sent < 5; sent += 1) if (below.writable) below.write(message);
  expect(await browser.untilClosed()).toBe(4429);
});

test("browsers that are not logged in are closed with that reason, and refused by HTTP while too many do not close", async () => {
  await using site = await TestSite.open({ unauthenticatedMs: 600_000 });
  const headers = { "x-user": "nobody" };
  const closed = new WebSocket(site.url, "peek.client.1", { headers });
  expect((await once(closed, "close"))[0]).toBe(4401);
  expect(await refusal(site.url, headers, "chat")).toEqual({ status: 401, retryAfter: "5" });
  const sockets = Array.from({ length: 300 }, () => silent(site.url));
  const answers = await Promise.all(sockets.map((socket) => answerOf(socket)));
  const statuses = answers.map((answer) => /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
  expect(statuses.filter((status) => status === "101")).toHaveLength(256);
  expect(statuses.filter((status) => status === "401")).toHaveLength(44);
  // There is room for others when they close.
  for (const socket of sockets) socket.destroy();
  const closeCode = async (): Promise<unknown> => {
    const again = new WebSocket(site.url, "peek.client.1", { headers });
    again.on("error", () => undefined);
    return (await once(again, "close"))[0];
  };
  await until("there to be room for another", async () => (await closeCode()) === 4401);
});

test("a browser that is not logged in and does not close is cut", async () => {
  await using site = await TestSite.open();
  const socket = silent(site.url);
  await once(socket.resume(), "end");
  socket.on("error", () => undefined);
  // The operating system refuses bytes once the gateway has cut it.
  await until("it to be cut", async () => {
    await new Promise((resolve) => socket.write("x", resolve));
    return socket.destroyed;
  });
});

test("a frame above the size limit closes the connection", async () => {
  await using site = await TestSite.open();
  const browser = await site.browser();
  browser.send("x".repeat(600 * 1024));
  // WebSocket's own code for it.
  expect(await browser.untilClosed()).toBe(1009);
});

test("a frame whose header announces a gigabyte closes the connection before its payload is read", async () => {
  await using site = await TestSite.open();
  const witness = await site.browser();
  const browser = await site.browser();
  const header = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4]);
  // The TCP socket below the WebSocket. ws offers no public access to it.
  const below: unknown = Reflect.get(browser.socket, "_socket");
  if (!(below instanceof Socket)) throw new Error("There is no socket");
  below.write(header);
  expect(await browser.untilClosed()).toBe(1009);
  await witness.subscribe(1, canonical);
});

test("the number of a subscription is used once, and an invalid selector is refused", async () => {
  await using site = await TestSite.open();
  const browser = await site.browser();
  await browser.subscribe(1, canonical);
  browser.send({ t: "sub", id: 1, sel: canonical });
  expect(await browser.next("err")).toMatchObject({ code: "CLIENT_FRAME_INVALID" });
  for (const sel of ["", "[]", `[ "${observable}",{}]`, `["${observable}",5]`, "[".repeat(5000)]) {
    browser.send({ t: "sub", id: 2, sel });
    expect(await browser.next("off")).toMatchObject({ id: 2, code: "DATA_INVALID" });
  }
  expect(site.gateway.statistics().subscriptions).toBe(1);
});

test("nothing is read from a browser that does not read its replies, until it reads them", async () => {
  await using site = await TestSite.open();
  const browser = await site.browser();
  site.logic.running = () => ({ kind: "done", result: "x".repeat(1_000_000), at: [] });
  const push = (id: number): void => {
    const act = {
      type: action,
      body: "1",
      client: "c",
      lane: "l",
      seq: id,
      after: 0,
      acked: 0,
      at: "2026-01-01T00:00:00Z",
      watch: [],
    };
    browser.send({ t: "act", id, act });
  };
  const flushed = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    browser.socket.ping("", true, () => resolve());
    await promise;
  };
  browser.socket.pause();
  for (let id = 1; id <= 50; id += 1) push(id);
  await expect.poll(() => site.gateway.statistics().bufferedBytes).toBeGreaterThan(1_000_000);
  for (let id = 51; id <= 60; id += 1) push(id);
  await flushed();
  const heard = site.logic.actions.length;
  expect(heard).toBeLessThanOrEqual(50);
  browser.socket.resume();
  await browser.until("all answers", () => browser.messages.filter(({ t }) => t === "res").length === 60);
});
