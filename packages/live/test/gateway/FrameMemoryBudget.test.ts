import { expect, test } from "vitest";
import { FrameMemoryBudget, type FrameHolder } from "../../src/gateway/frames/FrameMemoryBudget.ts";
import fc from "fast-check";
import { until } from "@peek/kit/testing";
import { firstRows, largeText, noise } from "./noise.ts";
import type { RawBrowser } from "./RawBrowser.ts";
import { canonical, selector, TestSite } from "./TestSite.ts";

const mebi = 1024 * 1024;

/** A browser that begins to watch, and reads nothing more: what it is sent is out of date with the next change. */
async function slowBrowser(site: TestSite, name: string): Promise<RawBrowser> {
  const browser = await site.browser(name, name);
  // The snapshot follows at once.
  await browser.subscribe(1, canonical);
  browser.socket.pause();
  return browser;
}

test("the memory of large frames is bounded, and slow browsers are evicted when others need it", async () => {
  await using site = await TestSite.open({ beatMs: 100, maxLargeFrameBytes: 40 * mebi });
  const channel = site.logic.channel(selector);
  const text = noise(10 * mebi);
  let most = 0;
  for (let change = 0; change < 12; change += 1) {
    channel.put({ id: 0, text }, { id: 1, text: String(change) });
    await slowBrowser(site, `slow ${change}`);
    most = Math.max(most, site.gateway.statistics().largeFrameBytes);
  }
  const quick = await site.browser("quick");
  const c = await quick.subscribe(1, canonical);
  await quick.untilRow(c, 1, "11");
  most = Math.max(most, site.gateway.statistics().largeFrameBytes);
  expect(most).toBeGreaterThan(5 * mebi);
  expect(most).toBeLessThanOrEqual(40 * mebi);
  expect(site.log.lines.join("\n")).toContain("it reads slowly, and the memory for large frames is used up");
});

test("a large frame for many browsers counts once, until the last browser has received it", async () => {
  await using site = await TestSite.open();
  const channel = site.logic.channel(selector);
  channel.put(...firstRows);
  const browsers = await Promise.all(Array.from({ length: 5 }, () => site.browser()));
  const [c = -1] = await Promise.all(browsers.map((each) => each.subscribe(1, canonical)));
  await Promise.all(browsers.map((each) => each.untilRow(c, 0, "first")));
  for (const each of browsers) each.socket.pause();
  channel.put({ id: 0, text: largeText });
  await until("it to be on its way", () => site.gateway.statistics().largeFrameBytes > 0);
  const { largeFrameBytes, bufferedBytes } = site.gateway.statistics();
  expect(largeFrameBytes).toBeGreaterThanOrEqual(7 * mebi);
  expect(largeFrameBytes).toBeLessThan(8 * mebi);
  expect(bufferedBytes).toBeLessThan(5 * mebi);
  for (const each of browsers) each.socket.resume();
  await Promise.all(
    browsers.map((each) => each.until("the row", () => each.channels.get(c)?.rows.get(0)?.text === largeText)),
  );
  await until("nothing to be under way", () => site.gateway.statistics().largeFrameBytes === 0);
});

test("the budget is never exceeded, and no browser waits while its frame would fit, in any order of calls", () => {
  const max = 100;
  const step = fc.oneof(
    fc.record({ do: fc.constant("take" as const), index: fc.nat(9), frame: fc.nat(7) }),
    fc.record({ do: fc.constant("release" as const), index: fc.nat(9), frame: fc.nat(7) }),
    fc.record({ do: fc.constant("leave" as const), index: fc.nat(9), frame: fc.nat(7) }),
    fc.record({ do: fc.constant("tick" as const), index: fc.nat(9), frame: fc.nat(7) }),
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 300, size: "max" }),
      fc.array(fc.integer({ min: 10, max: 130 }), { minLength: 8, maxLength: 8 }),
      (steps, sizes) => {
        const frames = new FrameMemoryBudget(max);
        const keys = sizes.map((size) => ({ size }));
        /** What each holds, and waits for. */
        const held = Array.from({ length: 10 }, () => new Set<{ readonly size: number }>());
        const wanted = new Map<number, { readonly size: number }>();
        const take = (index: number, key: { readonly size: number }): void => {
          if (frames.take(key, key.size, holders[index] ?? noHolder)) {
            held[index]?.add(key);
            wanted.delete(index);
          } else wanted.set(index, key);
        };
        const holders = held.map((mine, index): FrameHolder => ({
          onMemoryFree: () => {
            const key = wanted.get(index);
            if (key !== undefined) take(index, key);
          },
          onEvicted: () => {
            wanted.delete(index);
            frames.leave(holders[index] ?? noHolder);
            for (const key of mine) frames.release(key, holders[index] ?? noHolder);
            mine.clear();
          },
        }));
        for (const { do: action, index, frame } of steps) {
          const key = keys[frame] ?? { size: 1 };
          if (action === "take" && !wanted.has(index)) take(index, key);
          else if (action === "release" && held[index]?.delete(key) === true)
            frames.release(key, holders[index] ?? noHolder);
          else if (action === "leave") {
            wanted.delete(index);
            frames.leave(holders[index] ?? noHolder);
          } else if (action === "tick") frames.tick();
          const out = new Set(held.flatMap((each) => [...each]));
          const bytes = [...out].reduce((sum, { size }) => sum + size, 0);
          expect(frames.bytes).toBe(bytes);
          expect(bytes <= max || out.size === 1).toBe(true);
          // The first browser that waits does not fit.
          const [first] = wanted.values();
          if (first !== undefined) expect(bytes > 0 && bytes + first.size > max).toBe(true);
        }
        for (const holder of holders) holder.onEvicted();
        expect(frames.bytes).toBe(0);
      },
    ),
  );
});

test("a smaller frame is served when the browser that waits before it leaves", () => {
  const frames = new FrameMemoryBudget(100);
  const large = { ...noHolder };
  const granted: boolean[] = [];
  const small: FrameHolder = { ...noHolder, onMemoryFree: () => granted.push(frames.take(small, 10, small)) };
  expect(frames.take(noHolder, 60, noHolder)).toBe(true);
  expect(frames.take(large, 50, large)).toBe(false);
  expect(frames.take(small, 10, small)).toBe(false);
  frames.leave(large);
  expect(granted).toEqual([true]);
});

test("a browser that begins to receive a frame while slow browsers are evicted is not evicted", () => {
  const frames = new FrameMemoryBudget(100);
  const [shared, other] = [{}, {}];
  const cut: string[] = [];
  const slow: FrameHolder = {
    ...noHolder,
    onEvicted: () => {
      cut.push("slow");
      frames.release(other, slow);
      frames.release(shared, slow);
    },
  };
  const late: FrameHolder = {
    onMemoryFree: () => expect(frames.take(shared, 50, late)).toBe(true),
    onEvicted: () => cut.push("late"),
  };
  frames.take(shared, 50, slow);
  frames.take(other, 50, slow);
  // It is behind by a frame of its own, and wants what the slow one is sent when it is asked again.
  expect(frames.take(late, 50, late)).toBe(false);
  for (let tick = 0; tick < 30; tick += 1) frames.tick();
  expect(cut).toEqual(["slow"]);
  expect(frames.bytes).toBe(50);
});

const noHolder: FrameHolder = { onMemoryFree: () => undefined, onEvicted: () => undefined };
