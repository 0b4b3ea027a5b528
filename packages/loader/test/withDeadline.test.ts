import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type DeadlineOptions, withDeadline } from "../src/hooks/withDeadline.ts";

const timeout = new Error("timed out");
const cancelled = new Error("cancelled");
const forever = (): Promise<void> => new Promise(() => undefined);

function options(): DeadlineOptions & { readonly onWarn: ReturnType<typeof vi.fn<() => void>> } {
  return {
    deadlineMs: 1000,
    warnMs: 100,
    onWarn: vi.fn<() => void>(),
    onTimeout: () => timeout,
    cancelMs: 50,
    onCancelled: () => cancelled,
  };
}

/** How a promise stands once all that is due has happened. */
async function standing(promise: Promise<void>): Promise<unknown> {
  const pending = Symbol("pending");
  promise.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(0);
  return Promise.race([
    promise.then(
      () => "done",
      (error: unknown) => error,
    ),
    Promise.resolve(pending),
  ]).then((result) => (result === pending ? "pending" : result));
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("withDeadline", () => {
  it.each([
    ["that is over at once", () => undefined],
    ["that gives a value", () => 7],
    ["that gives a function", () => () => undefined],
    ["that gives a promise", async () => undefined],
    // oxlint-disable-next-line no-thenable -- a plugin may
    ["that gives something with then()", () => ({ then: (done: () => void) => done() })],
  ])("waits for work %s, and leaves no timer", async (_what, work) => {
    const { done } = withDeadline(work, options());
    await done;
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    [
      "rejects",
      async () => {
        throw new Error("no");
      },
    ],
  ])("hands on what work that %s gives, and leaves no timer", async (_what, work) => {
    await expect(withDeadline(work, options()).done).rejects.toThrow("no");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("hands on what is no error too", async () => {
    // oxlint-disable-next-line prefer-promise-reject-errors -- a plugin may
    await expect(withDeadline(() => Promise.reject(null), options()).done).rejects.toBeNull();
  });

  it("warns once when work takes long, and gives up on it at its deadline", async () => {
    const given = options();
    const { done } = withDeadline(forever, given);
    expect(await standing(done)).toBe("pending");
    await vi.advanceTimersByTimeAsync(99);
    expect(given.onWarn).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(given.onWarn).toHaveBeenCalledOnce();
    const outcome = expect(done).rejects.toBe(timeout);
    await vi.advanceTimersByTimeAsync(899);
    expect(await standing(done)).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    await outcome;
    expect(given.onWarn).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("counts from the time when `begins` resolves, and not before", async () => {
    const { promise: begins, resolve: begin } = Promise.withResolvers<void>();
    const given = { ...options(), begins };
    const { done } = withDeadline(forever, given);
    expect(await standing(done)).toBe("pending");
    await vi.advanceTimersByTimeAsync(5000);
    expect(given.onWarn).not.toHaveBeenCalled();
    begin();
    await vi.advanceTimersByTimeAsync(999);
    expect(await standing(done)).toBe("pending");
    const outcome = expect(done).rejects.toBe(timeout);
    await vi.advanceTimersByTimeAsync(1);
    await outcome;
    expect(given.onWarn).toHaveBeenCalledOnce();
  });

  it("does not warn where the deadline comes first", async () => {
    const given = { ...options(), warnMs: 2000 };
    const outcome = expect(withDeadline(forever, given).done).rejects.toBe(timeout);
    await vi.advanceTimersByTimeAsync(5000);
    await outcome;
    expect(given.onWarn).not.toHaveBeenCalled();
  });

  it("is not held up by what work does after it was given up on", async () => {
    const late = Promise.withResolvers<void>();
    const { done } = withDeadline(() => late.promise, options());
    const outcome = expect(done).rejects.toBe(timeout);
    await vi.advanceTimersByTimeAsync(1000);
    await outcome;
    late.reject(new Error("much later"));
    await vi.advanceTimersByTimeAsync(0);
  });

  it("gives work what is left to it when cancelled", async () => {
    const { done, cancel } = withDeadline(forever, options());
    await vi.advanceTimersByTimeAsync(10);
    const outcome = expect(done).rejects.toBe(cancelled);
    cancel();
    await vi.advanceTimersByTimeAsync(49);
    expect(await standing(done)).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    await outcome;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets work end well that was cancelled and settles in time", async () => {
    const work = Promise.withResolvers<void>();
    const { done, cancel } = withDeadline(() => work.promise, options());
    cancel();
    await vi.advanceTimersByTimeAsync(49);
    work.resolve();
    await done;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keeps the deadline where it comes before what is left after a cancel", async () => {
    const { done, cancel } = withDeadline(forever, options());
    const outcome = expect(done).rejects.toBe(timeout);
    await vi.advanceTimersByTimeAsync(990);
    cancel();
    await vi.advanceTimersByTimeAsync(10);
    await outcome;
  });

  it("does nothing when it is cancelled after its end", async () => {
    const { done, cancel } = withDeadline(() => undefined, options());
    await done;
    cancel();
    expect(vi.getTimerCount()).toBe(0);
    await expect(done).resolves.toBeUndefined();
  });
});
