import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connect } from "@peek/client";
import { expect, it, onTestFinished } from "vitest";
import { Counter, historyOf, openClient, openService, Page, valueOf } from "./clientHelpers.ts";
import { codeOf } from "@peek/kit/testing";
import { ScriptedService } from "./ScriptedService.ts";

it("it is connecting, then live, with the user that the service names", async () => {
  const service = await openService();
  const client = openClient({ url: service.url, storage: "memory" });
  expect(client.connection.getSnapshot()).toMatchObject({ status: "connecting" });
  await service.greeted("ada");
  const state = await valueOf(client.connection, ({ status }) => status === "live");
  expect(state).toEqual({ status: "live", user: { id: "ada", name: "ada", anonymous: false }, device: "memory" });
});

it("a service that is silent for two and a half beats is cut", async () => {
  const service = await openService();
  const client = openClient({ url: service.url, storage: "memory" });
  const browser = await service.greeted("ada", { beatMs: 40 });
  browser.say({ t: "beat" });
  await browser.next("beat");
  const start = performance.now();
  const { reason } = await valueOf(client.connection, ({ status }) => status === "offline");
  expect(reason).toContain("not been heard");
  expect(performance.now() - start).toBeGreaterThan(50);
  await browser.closed;
  await service.greeted();
  await valueOf(client.connection, ({ status }) => status === "live");
});

it("when a session has ended, it does not try again before it is told to", async () => {
  const service = await openService();
  const client = openClient({ url: service.url, storage: "memory" });
  (await service.greeted()).close(4401);
  await valueOf(client.connection, ({ status }) => status === "login");
  expect(service.count).toBe(1);
  client.reconnect();
  await service.greeted("bob");
  expect((await valueOf(client.connection, ({ status }) => status === "live")).user?.id).toBe("bob");
});

it("of several services it takes another when one asks it to go, or does not answer", async () => {
  const [first, second, gone] = await Promise.all([openService(), openService(), ScriptedService.open()]);
  await gone[Symbol.asyncDispose]();
  const client = openClient({ url: [gone.url, first.url, second.url], storage: "memory" });
  const states = historyOf(client.connection);
  (await first.greeted()).close(4503);
  await second.greeted();
  await valueOf(client.connection, ({ status }) => status === "live" && second.count === 1);
  expect(new Set(states.map(({ status }) => status))).toEqual(new Set(["offline", "live"]));
});

it("what is no message is a reason to begin anew, and what is unknown is none", async () => {
  const service = await openService();
  const client = openClient({ url: service.url, storage: "memory" });
  const browser = await service.greeted();
  browser.sayText('{"t":"future","x":1}');
  browser.sayText('{"t":"s","c":"seven"}');
  expect((await valueOf(client.connection, ({ status }) => status === "offline")).reason).toContain(
    "message of the service is invalid",
  );
  await service.greeted();
  await valueOf(client.connection, ({ status }) => status === "live");
});

it("thousands who lose their service do not come back in step, and the first try is soon", async () => {
  const service = await openService();
  const clients = Array.from({ length: 20 }, () => openClient({ url: service.url, storage: "memory" }));
  for (const _ of clients) void (await service.greeted());
  await Promise.all(clients.map((client) => valueOf(client.connection, ({ status }) => status === "live")));
  const start = performance.now();
  const port = service.port;
  await service[Symbol.asyncDispose]();
  const again = await ScriptedService.open(port);
  onTestFinished(() => again[Symbol.asyncDispose]());
  for (const _ of clients) void (await again.greeted());
  await Promise.all(clients.map((client) => valueOf(client.connection, ({ status }) => status === "live")));
  expect(performance.now() - start).toBeLessThan(5000);
});

it("where there is no page, a url has to be given", async () => {
  expect(await codeOf(() => connect())).toBe("CONTRACT_INVALID");
  expect(await codeOf(() => connect({ url: [] }))).toBe("CONTRACT_INVALID");
});

it("an error of a listener does not keep others from being told", async () => {
  const service = await openService();
  const client = openClient({ url: service.url, storage: "memory" });
  const watch = client.subscribe(Counter);
  watch.subscribe(() => {
    throw new Error("of the page");
  });
  const browser = await service.greeted();
  const { id } = await browser.next("sub");
  browser.say({ t: "on", id, c: 1, key: ["id"] }, { t: "s", c: 1, e: "a", o: 1, rows: [] });
  await valueOf(watch, ({ status }) => status === "live");
});

it("a process in which a client was closed ends by itself", async () => {
  const service = await openService();
  const main = fileURLToPath(new URL("closeMain.ts", import.meta.url));
  const ended = promisify(execFile)(process.execPath, ["--conditions=@peek/source", main, service.url]);
  const serve = async (): Promise<void> => {
    const browser = await service.greeted();
    const { id } = await browser.next("sub");
    browser.say({ t: "on", id, c: 1, key: ["id"] }, { t: "s", c: 1, e: "a", o: 1, rows: [{ id: 1, value: 1 }] });
  };
  const [output] = await Promise.all([ended, serve()]);
  expect(output).toEqual({ stdout: "", stderr: "" });
}, 20_000);

it("of several services it asks each before somebody has to log in", async () => {
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

it("when somebody looks at a page that has to log in, it tries once: it may have been done in another tab", async () => {
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

it("a service that was silent for too long is given twice the time: a large snapshot may be on its way", async () => {
  const service = await openService();
  openClient({ url: service.url, storage: "memory" });
  const lives = [];
  while (lives.length < 3) {
    const browser = await service.greeted("ada", { beatMs: 40 });
    const start = performance.now();
    await browser.closed;
    lives.push(performance.now() - start);
    // Meanwhile, the service is told that somebody is there.
    if (lives.length > 1) expect(browser.heard).toContainEqual({ t: "beat" });
  }
  expect(lives[1]).toBeGreaterThan(180);
  expect(lives[2]).toBeGreaterThan(380);
});
