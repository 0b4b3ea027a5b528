import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CancellableDelay, captureContext, isThenable, Listeners, TaskGroup, waitAtMost } from "@peek/kit";

afterEach(() => void vi.useRealTimers());

describe("CancellableDelay", () => {
  it("waits for its time", async () => {
    vi.useFakeTimers();
    const delay = new CancellableDelay();
    const waited = delay.wait(1000);
    await vi.advanceTimersByTimeAsync(1000);
    await waited;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is cut short by end(), which leaves no timer behind", async () => {
    vi.useFakeTimers();
    const delay = new CancellableDelay();
    delay.end();
    const waited = delay.wait(1_000_000);
    delay.end();
    await waited;
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("TaskGroup", () => {
  it("is settled when nothing is in flight, including work that was added meanwhile", async () => {
    const group = new TaskGroup();
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let isSettled = false;
    group.run(async () => {
      await first.promise;
      group.run(() => second.promise);
    });
    const settled = group.settled().then(() => (isSettled = true));
    first.resolve();
    await new Promise(setImmediate);
    expect(isSettled).toBe(false);
    second.resolve();
    await settled;
  });
});

describe("Listeners", () => {
  it("calls each listener as often as it was added, until it is disposed", () => {
    const listeners = new Listeners<number>();
    const heard: number[] = [];
    const listener = (event: number): void => void heard.push(event);
    const [first] = [listeners.add(listener), listeners.add(listener)];
    listeners.notify(1);
    first[Symbol.dispose]();
    listeners.notify(2);
    listeners.clear();
    listeners.notify(3);
    expect(heard).toEqual([1, 1, 2]);
  });
});

describe("waitAtMost()", () => {
  it("resolves to the result, or rejects with the error, of a promise that settles in time", async () => {
    vi.useFakeTimers();
    expect(await waitAtMost(1000, Promise.resolve("done"))).toBe("done");
    await expect(waitAtMost(1000, Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("resolves to undefined when the time has passed", async () => {
    vi.useFakeTimers();
    const waited = waitAtMost(1000, new Promise(() => {}));
    await vi.advanceTimersByTimeAsync(1000);
    expect(await waited).toBeUndefined();
  });
});

describe("captureContext()", () => {
  it("runs a function later in the async context of the capture", () => {
    const context = new AsyncLocalStorage<string>();
    const run = context.run("plugin", captureContext);
    const result = context.run("request", () => run((suffix: string) => `${context.getStore()}${suffix}`, "!"));
    expect(result).toBe("plugin!");
  });
});

describe("isThenable()", () => {
  it("recognizes promises and no other values", () => {
    expect(isThenable(Promise.resolve())).toBe(true);
    expect([undefined, null, 5, {}, () => {}].some(isThenable)).toBe(false);
  });
});
