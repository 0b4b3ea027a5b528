import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { Chromium, findChromium } from "./src/Chromium.ts";
import { type LiveService, LiveServices } from "./src/LiveServices.ts";
import { peek } from "./src/peekCommand.ts";
import { ShellPage } from "./src/shell/ShellPage.ts";

const executable = findChromium();

const statusSchema = z.array(
  z.object({
    peer: z.object({ service: z.string() }),
    status: z.object({
      live: z.object({ browsers: z.object({ subscriptions: z.int() }).optional() }).optional(),
    }),
  }),
);

describe.skipIf(executable === undefined)("pages of field that are opened and left", () => {
  const owned = new AsyncDisposableStack();
  let services: LiveServices;
  let field: LiveService;
  let chromium: Chromium;

  beforeAll(async () => {
    services = owned.use(await LiveServices.start());
    field = await services.startBeside("field");
    chromium = owned.use(await Chromium.start(executable ?? ""));
  });

  afterAll(() => owned.disposeAsync());

  /** The number of subscriptions of browsers on field. */
  async function subscriptions(): Promise<number> {
    const { stdout } = await peek(services.base, "status", "--json");
    const field = statusSchema.parse(JSON.parse(stdout)).find(({ peer }) => peer.service === "field");
    return field?.status.live?.browsers?.subscriptions ?? Number.NaN;
  }

  it("leave no subscription on field, and no elements, listeners or memory in the browser, after 200 visits", async () => {
    await using person = await chromium.person();
    const shell = await ShellPage.open(person, field.origin);
    const session = await person.newCDPSession(shell.page);
    await session.send("Performance.enable");
    const visit = async (times: number): Promise<void> => {
      for (let visits = 0; visits < times; visits += 1) {
        await shell.menuLink(/^Tutorial/).click();
        await shell.sees(shell.content.locator('tr[data-id="1"]'));
        await shell.choose(visits % 2 === 0 ? "About" : "Home");
        await shell.sees(visits % 2 === 0 ? shell.content.getByRole("heading").first() : shell.tile("Tutorial"));
      }
    };
    const held = async (): Promise<{ readonly heap: number; readonly listeners: number; readonly nodes: number }> => {
      await session.send("HeapProfiler.collectGarbage");
      const { metrics } = await session.send("Performance.getMetrics");
      const metric = (wanted: string): number => metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN;
      return { heap: metric("JSHeapUsedSize"), listeners: metric("JSEventListeners"), nodes: metric("Nodes") };
    };
    await shell.sees(shell.tile("Tutorial"));
    await shell.sees(shell.indicator.locator('[data-status="live"]'));
    const subscribed = await subscriptions();
    await visit(20);
    const before = await held();
    await visit(180);
    const after = await held();
    expect(after.listeners - before.listeners).toBeLessThan(20);
    expect(after.nodes - before.nodes).toBeLessThan(100);
    expect((after.heap - before.heap) / 2 ** 20).toBeLessThan(2);
    await vi.waitFor(async () => expect(await subscriptions()).toBe(subscribed), { timeout: 45_000, interval: 0 });
    expect(shell.faults).toEqual([]);
  }, 180_000);
});
