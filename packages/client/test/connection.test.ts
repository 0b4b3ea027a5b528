import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connect } from "@peek/client";
import { expect, it, onTestFinished, vi } from "vitest";
import { Counter, historyOf, openClient, openService, Page, stopTime, valueOf } from "./clientHelpers.ts";
import { codeOf } from "@peek/kit/testing";
import { ScriptedService } from "./ScriptedService.ts";

/** The longest delay of the first attempt after a lost connection, and of any attempt. */
const maxFirstDelayMs = 300;
const maxDelayMs = 8000;

it("a client is connecting, then live, with the user that the service names", async () => {
  const service = await openService();
  const client = openClient({ url: service.url, storage: "memory" });
  expect(client.connection.getSnapshot()).toMatchObject({ status: "connecting" });
  await service.greeted("ada");
  const state = await valueOf(client.connection, ({ status }) => status === "live");
  expect(state).toEqual({ status: "live", user: { id: "ada", name: "ada", anonymous: false }, device: "memory" });
});

it("a connection ends after a silence of two and a half heartbeats", async () => {
  stopTime();
  const service = await openService();
  const client = openClient({ url: service.url, storage: "memory" });
  const browser = await service.greeted("ada", { beatMs: 1000 });
  browser.send({ t: "beat" });
  await browser.next("beat");
  vi.advanceTimersByTime(2499);
  expect(client.connection.getSnapshot().status).toBe("live");
  vi.advanceTimersByTime(2);
  expect(client.connection.getSnapshot()).toMatchObject({
    status: "offline",
    reason: "The service has been silent for too long",
  });
  await browser.closed;
  vi.advanceTimersByTime(maxFirstDelayMs);
  await service.greeted();
  await valueOf(client.connection, ({ status }) => status === "live");
});

it("after the end of a session, the client reconnects only when reconnect() is called", async () => {
  const service = await openService();
  const client = openClient({ url: service.url, storage: "memory" });
  (await service.greeted()).close(4401);
  await valueOf(client.connection, ({ status }) => status === "login");
  expect(service.count).toBe(1);
  client.reconnect();
  await service.greeted("bob");
  expect((await valueOf(client.connection, ({ status }) => status === "live")).user?.id).toBe("bob");
});

it("of several services, the client takes the next one if one does not answer or is stopping", async () => {
  const [first, second, gone] = await Promise.all([openService(), openService(), ScriptedService.open()]);
  await gone[Symbol.asyncDispose]();
  const client = openClient({ url: [gone.url, first.url, second.url], storage: "memory" });
  const states = historyOf(client.connection);
  (await first.greeted()).close(4503);
  await second.greeted();
  await valueOf(client.connection, ({ status }) => status === "live" && second.count === 1);
  expect(new Set(states.map(({ status }) => status))).toEqual(new Set(["offline", "live"]));
});

it("an invalid message ends the connection, and a message of an unknown type is ignored", async () => {
  const service = await openService();
  const client = openClient({ url: service.url, storage: "memory" });
  const browser = await service.greeted();
  browser.sendText('{"t":"future","x":1}');
  browser.sendText('{"t":"s","c":"seven"}');
  expect((await valueOf(client.connection, ({ status }) => status === "offline")).reason).toContain(
    "message of the service is invalid",
  );
  await service.greeted();
  await valueOf(client.connection, ({ status }) => status === "live");
});

it("many clients that lose their service all reconnect to the next one", async () => {
  const service = await openService();
  const clients = Array.from({ length: 20 }, () => openClient({ url: service.url, storage: "memory" }));
  for (const _ of clients) void (await service.greeted());
  await Promise.all(clients.map((client) => valueOf(client.connection, ({ status }) => status === "live")));
  const { port } = service;
  await service[Symbol.asyncDispose]();
  const again = await ScriptedService.open(port);
  onTestFinished(() => again[Symbol.asyncDispose]());
  for (const _ of clients) void (await again.greeted());
  await Promise.all(clients.map((client) => valueOf(client.connection, ({ status }) => status === "live")));
});

it("connect() outside of a page needs a url", async () => {
  expect(await codeOf(() => connect())).toBe("CONTRACT_INVALID");
  expect(await codeOf(() => connect({ url: [] }))).toBe("CONTRACT_INVALID");
});

it("an error of one listener does not keep the others from being notified", async () => {
  const service = await openService();
  const client = openClient({ url: service.url, storage: "memory" });
  const watch = client.subscribe(Counter);
  watch.subscribe(() => {
    throw new Error("of the page");
  });
  const browser = await service.greeted();
  const { id } = await browser.next("sub");
  browser.send({ t: "on", id, c: 1, key: ["id"] }, { t: "s", c: 1, e: "a", o: 1, rows: [] });
  await valueOf(watch, ({ status }) => status === "live");
});

it("a process exits after its client was closed", async () => {
  const service = await openService();
  const main = fileURLToPath(new URL("closeMain.ts", import.meta.url));
  const ended = promisify(execFile)(process.execPath, ["--conditions=@peek/source", main, service.url]);
  const serve = async (): Promise<void> => {
    const browser = await service.greeted();
    const { id } = await browser.next("sub");
    browser.send({ t: "on", id, c: 1, key: ["id"] }, { t: "s", c: 1, e: "a", o: 1, rows: [{ id: 1, value: 1 }] });
  };
  const [output] = await Promise.all([ended, serve()]);
  expect(output).toEqual({ stdout: "", stderr: "" });
});

it("of several services, the client asks each before it requests a login", async () => {
  const [first, second] = await Promise.all([openService(), openService()]);
  const client = openClient({ url: [first.url, second.url], storage: "memory" });
  (await first.browser()).close(4401);
  const other = await second.greeted();
  await valueOf(client.connection, ({ status }) => status === "live");
  other.close(4401);
  (await first.browser()).close(4401);
  await valueOf(client.connection, ({ status }) => status === "login");
  expect([first.count, second.count]).toEqual([2, 1]);
});

it("a page that needs a login tries to connect when it becomes visible", async () => {
  const service = await openService();
  const page = Page.of(service.url);
  const client = openClient({ url: service.url, storage: "memory" });
  (await service.greeted()).close(4401);
  await valueOf(client.connection, ({ status }) => status === "login");
  expect(service.count).toBe(1);
  page.dispatchEvent(new Event("visibilitychange"));
  await service.greeted();
  await valueOf(client.connection, ({ status }) => status === "live");
});

it("the heartbeat timeout doubles after each connection that it has ended", async () => {
  stopTime();
  const service = await openService();
  const client = openClient({ url: service.url, storage: "memory" });
  for (const timeoutMs of [2500, 5000, 10_000]) {
    const browser = await service.greeted("ada", { beatMs: 1000 });
    await valueOf(client.connection, ({ status }) => status === "live");
    vi.advanceTimersByTime(timeoutMs - 1);
    expect(client.connection.getSnapshot().status).toBe("live");
    vi.advanceTimersByTime(2);
    expect(client.connection.getSnapshot().status).toBe("offline");
    await browser.closed;
    // A large snapshot may be on its way: meanwhile, the service gets signs of life.
    if (timeoutMs > 2500) expect(browser.received).toContainEqual({ t: "beat" });
    vi.advanceTimersByTime(maxDelayMs);
  }
});
