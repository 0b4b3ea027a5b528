import { Add, Counter, historyOf, openClient, openService, speedUpTime, valueOf } from "./clientHelpers.ts";
import { beforeEach, expect, it, onTestFinished, vi } from "vitest";
import type { ServedBrowser } from "./ScriptedService.ts";

beforeEach(() => speedUpTime());

/** Pulses that are never late: only probes detect a failure. */
const pulseMs = 60_000;
const done = { kind: "done", result: "1", at: [] } as const;

/** A `window` that sends events. */
class Window extends EventTarget {
  static stub(): Window {
    const window = new Window();
    vi.stubGlobal("window", window);
    vi.stubGlobal("navigator", { onLine: true });
    onTestFinished(() => void vi.unstubAllGlobals());
    return window;
  }

  uses(event: string): void {
    this.dispatchEvent(new Event(event));
  }

  /** Sets `navigator.onLine` without an event, as some browsers do. */
  network(onLine: boolean): void {
    vi.stubGlobal("navigator", { onLine });
  }
}

const isLive = ({ status }: { readonly status: string }): boolean => status === "live";
const isStale = ({ status }: { readonly status: string }): boolean => status === "stale";
const isOffline = ({ status }: { readonly status: string }): boolean => status === "offline";

async function watching(hi: Parameters<ServedBrowser["greet"]>[1] = { pulseMs }) {
  const service = await openService();
  const client = openClient({ url: service.url, storage: "memory" });
  const watch = client.subscribe(Counter);
  const browser = await service.greeted("ada", hi);
  const { id } = await browser.next("sub");
  browser.send({ t: "on", id, c: 7, key: ["id"] }, { t: "s", c: 7, e: "a", o: 1, rows: [] });
  await valueOf(watch, isLive);
  return { service, client, watch, browser };
}

it("after an unanswered push, the service is probed, tuples are stale until it answers, and the push is queued", async () => {
  const { client, watch, browser } = await watching();
  const pushed = await client.push(Add, { id: 1, by: 1 });
  const { id } = await browser.next("act");
  await valueOf(client.pending, ([action]) => action?.status === "sent");
  const { n } = await browser.next("probe");
  expect(await valueOf(watch, isStale)).toHaveProperty("asOf");
  expect(client.connection.getSnapshot()).toMatchObject({ status: "stale", reason: "The service does not answer" });
  await valueOf(client.pending, ([action]) => action?.status === "queued");
  // An action pushed now stays on the device.
  const later = await client.push(Add, { id: 1, by: 2 });
  await valueOf(client.pending, ({ length }) => length === 2);
  expect(client.pending.getSnapshot().map(({ status }) => status)).toEqual(["queued", "queued"]);
  expect(browser.received.filter(({ t }) => t === "act")).toHaveLength(1);
  // An action that may have been sent cannot be dismissed.
  await client.dismiss(pushed.id);
  expect(client.pending.getSnapshot()).toHaveLength(2);

  const asked = await browser.next("probe");
  expect(asked.n).toBeGreaterThan(n);
  browser.send({ t: "pulse", n: asked.n }, { t: "res", id, out: done });
  await valueOf(watch, isLive);
  expect(await pushed.result).toBe(1);
  const second = await browser.next("act");
  expect(second.act).toMatchObject({ body: '{"id":1,"by":2}', seq: 2 });
  browser.send({ t: "res", id: second.id, out: done });
  await later.result;
});

it("an action that was sent on a dead connection is sent again unchanged on the next one", async () => {
  const { service, client, browser } = await watching({ pulseMs, beatMs: 50 });
  await client.push(Add, { id: 1, by: 1 });
  const { act } = await browser.next("act");
  await valueOf(client.connection, isOffline);
  const next = await service.greeted();
  const again = await next.next("act");
  expect(again.act).toMatchObject({ client: act.client, lane: act.lane, seq: act.seq, body: act.body });
  next.send({ t: "res", id: again.id, out: done });
  await valueOf(client.pending, ({ length }) => length === 0);
});

it.each(["keydown", "pointerdown", "wheel", "focus"])(
  "many %s events cause one probe of the service",
  async (event) => {
    const window = Window.stub();
    const { watch, browser } = await watching();
    const history = historyOf(watch);
    for (const n of [1, 2]) {
      for (let count = 0; count < 100; count += 1) window.uses(event);
      expect((await browser.next("probe")).n).toBe(n);
      for (let count = 0; count < 100; count += 1) window.uses(event);
      browser.send({ t: "pulse", n }, { t: "d", c: 7, e: "a", f: n, o: n + 1, i: [[0, { id: n, value: n }]] });
      await valueOf(watch, ({ tuples }) => tuples.length === n);
    }
    expect(history.every(isLive)).toBe(true);
  },
);

it("a page without input sends no probes", async () => {
  Window.stub();
  const { browser } = await watching();
  const looked = Promise.withResolvers<void>();
  let looks = 0;
  vi.stubGlobal("navigator", {
    get onLine() {
      looks += 1;
      if (looks === 2) looked.resolve();
      return true;
    },
  });
  await looked.promise;
  expect(browser.received.map(({ t }) => t)).toEqual(["sub"]);
});

it("a client is offline without a network, also without an event, and reconnects if the device is wrong", async () => {
  const window = Window.stub();
  const { client, service } = await watching();
  window.network(false);
  const state = await valueOf(client.connection, isOffline);
  expect(state.reason).toContain("no network");
  await client.push(Add, { id: 1, by: 1 });
  await valueOf(client.pending, ([action]) => action?.status === "queued");
  const next = await service.greeted("ada", { pulseMs });
  await next.next("act");
  await valueOf(client.connection, isLive);
  const history = historyOf(client.connection);
  window.uses("keydown");
  await next.next("probe");
  expect(history.filter(isOffline)).toEqual([]);
});

it("when the network is back, a connection that does not answer is replaced at once", async () => {
  const window = Window.stub();
  const { client, service } = await watching();
  window.uses("keydown");
  await valueOf(client.connection, isStale);
  window.network(false);
  window.network(true);
  window.uses("online");
  client.reconnect();
  await service.greeted("ada", { pulseMs });
  await valueOf(client.connection, isLive);
});
