import { connect } from "@peek/client";
import type { BrowserContext } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Chromium, findChromium, TutorialPage } from "./src/Chromium.ts";
import { tutorialContracts } from "./src/importContracts.ts";
import { type DatabaseClient, type LiveService, LiveServices } from "./src/LiveServices.ts";
import { Relay } from "./src/live/Relay.ts";
import { valueOf } from "./src/RecordingClient.ts";

const executable = findChromium();
const owned = new AsyncDisposableStack();
let field: LiveService;
let database: DatabaseClient;

beforeAll(async () => {
  const services = owned.use(await LiveServices.start());
  field = await services.startBeside("field");
  database = owned.use(await services.database());
});

afterAll(async () => {
  await owned.disposeAsync();
});

const reset = (int1: number) => database.query("UPDATE pl_tutorial.string_int SET int1 = $1 WHERE id = 1", [int1]);
const stored = async (): Promise<unknown> => {
  const [row] = await database.query("SELECT int1 FROM pl_tutorial.string_int WHERE id = 1");
  return row?.["int1"];
};

/** Opens a relay to the service that can drop all packets. */
async function openRelay(): Promise<Relay> {
  const relay = await Relay.open(Number(new URL(field.origin).port));
  onTestFinished(() => relay[Symbol.asyncDispose]());
  return relay;
}

interface Loss {
  readonly name: string;
  /** Takes the network away from a page of this person. @returns A function that restores it. */
  lose(this: void, person: BrowserContext, page: TutorialPage, relay: Relay): Promise<() => Promise<void> | void>;
}

const losses: readonly Loss[] = [
  {
    name: "the network drops all packets",
    lose: async (_person, _page, relay) => {
      relay.hold();
      return () => relay.release();
    },
  },
  {
    name: "the browser reports that it is offline",
    lose: async (person) => {
      await person.setOffline(true);
      return () => person.setOffline(false);
    },
  },
  {
    name: "the browser is offline and fires no event",
    lose: async (person, { page }) => {
      await page.evaluate("globalThis.isDeaf = true");
      const session = await person.newCDPSession(page);
      const emulate = async (offline: boolean): Promise<void> => {
        const network = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
        await session.send("Network.emulateNetworkConditions", { offline, ...network });
      };
      await emulate(true);
      return () => emulate(false);
    },
  },
];

describe.skipIf(executable === undefined)("a page without a network", () => {
  let chromium: Chromium;

  beforeAll(async () => {
    chromium = owned.use(await Chromium.start(executable ?? ""));
  });

  /** Opens a page that shows its data, through a relay. */
  async function open(int1: number) {
    await reset(int1);
    const relay = await openRelay();
    const person = await chromium.person();
    onTestFinished(() => person.close());
    await person.addInitScript(`
      for (const event of ["offline", "online"])
        addEventListener(event, (fired) => globalThis.isDeaf && fired.stopImmediatePropagation());
    `);
    const page = await TutorialPage.open(person, `http://127.0.0.1:${relay.port}`);
    await page.showsNumber(int1);
    await page.showsConnection("live");
    return { relay, person, page };
  }

  it.each(losses)("shows that its data may be old, keeps pushed actions, and recovers when $name", async ({ lose }) => {
    const { relay, person, page } = await open(10);
    const restore = await lose(person, page, relay);
    await page.press("+1");
    await page.showsConnection("stale", "offline");
    await page.showsOldRows();
    await page.press("+1");
    await page.showsPending(2);
    await page.showsNumber(12);
    expect(await page.page.locator(".pending li").allTextContents()).toEqual(
      Array(2).fill("+1 in row 1: waiting on this device"),
    );
    expect(await stored()).toBe(10);
    await restore();
    await page.showsPending(0);
    await page.showsConnection("live");
    await page.showsNumber(12);
    expect(await stored()).toBe(12);
  });

  it("shows that its data may be old when it becomes visible after a while", async () => {
    const { relay, page } = await open(20);
    relay.hold();
    await page.page.evaluate('dispatchEvent(new Event("focus"))');
    await page.showsConnection("stale");
    relay.release();
    await page.showsConnection("live");
  });
});

it("a Node program with a dead connection is notified, and its actions are executed once, in order", async () => {
  await reset(30);
  const relay = await openRelay();
  const { StringIntTuple, AddIntValue } = await tutorialContracts();
  using client = connect({ url: `ws://127.0.0.1:${relay.port}/vortex`, storage: "memory" });
  const watch = client.subscribe(StringIntTuple);
  await valueOf(watch, ({ status }) => status === "live");
  relay.hold();
  const first = await client.push(AddIntValue, { id: 1, offset: 1 });
  await valueOf(client.pending, ([action]) => action?.status === "sent");
  const { asOf } = await valueOf(client.connection, ({ status }) => status === "stale");
  expect(asOf).toBeInstanceOf(Date);
  expect(await valueOf(watch, ({ status }) => status === "stale")).toHaveProperty("asOf");
  const second = await client.push(AddIntValue, { id: 1, offset: 1 });
  const pending = await valueOf(client.pending, ({ length }) => length === 2);
  expect(pending.map(({ status }) => status)).toEqual(["queued", "queued"]);
  relay.release();
  await Promise.all([first.result, second.result]);
  await valueOf(client.connection, ({ status }) => status === "live");
  await valueOf(
    watch,
    ({ tuples, status }) => status === "live" && tuples.some(({ id, int1 }) => id === 1 && int1 === 32),
  );
  expect(await stored()).toBe(32);
});
