import { afterEach, describe, expect, it, vi } from "vitest";
import { ResourceStack } from "../src/hooks/ResourceStack.ts";
import { caught } from "./caught.ts";

class Pump implements Disposable {
  released = 0;
  [Symbol.dispose](): void {
    this.released += 1;
  }
}

class Line implements AsyncDisposable {
  readonly #released: () => void;
  constructor(released: () => void) {
    this.#released = released;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
    this.#released();
  }
}

const newStack = (): ResourceStack =>
  new ResourceStack({ name: "peek_plugin_a", generation: 1, title: "peek_plugin_a" });

afterEach(() => void vi.useRealTimers());

describe("ResourceStack", () => {
  it("abandons the resource that is being released, and the rest, sooner when its time is shortened", async () => {
    vi.useFakeTimers();
    const stack = newStack();
    const forever = (): Promise<void> => new Promise(() => undefined);
    stack.defer(forever);
    stack.defer(forever);
    const released = stack.release(10_000);
    await vi.advanceTimersByTimeAsync(100);
    stack.shorten(50);
    await vi.advanceTimersByTimeAsync(51);
    expect(await released).toHaveLength(2);
  });

  it("releases last in, first out, one at a time", async () => {
    const stack = newStack();
    const log: string[] = [];
    stack.defer(() => void log.push("deferred"));
    stack.adopt("value", (value) => void log.push(`adopted ${value}`));
    stack.use(new Line(() => log.push("used")));
    stack.defer(async () => {
      log.push("slow begins");
      await new Promise((resolve) => setImmediate(resolve));
      log.push("slow ends");
    });
    expect(log).toEqual([]);
    expect(await stack.release(1000)).toEqual([]);
    expect(log).toEqual(["slow begins", "slow ends", "used", "adopted value", "deferred"]);
  });

  it("returns the added value", () => {
    const stack = newStack();
    const pump = new Pump();
    expect(stack.use(pump)).toBe(pump);
    expect(stack.use(null)).toBeNull();
    expect(stack.use(undefined)).toBeUndefined();
    expect(stack.adopt(pump, () => undefined)).toBe(pump);
  });

  it("prefers Symbol.asyncDispose where a value has both", async () => {
    const log: string[] = [];
    const stack = newStack();
    stack.use({
      [Symbol.dispose]: () => void log.push("at once"),
      [Symbol.asyncDispose]: async () => void log.push("in time"),
    });
    await stack.release(1000);
    expect(log).toEqual(["in time"]);
  });

  it("refuses a value that is not disposable", () => {
    const stack = newStack();
    expect(() => stack.use({} as Disposable)).toThrow(TypeError);
    expect(() => stack.use({ [Symbol.dispose]: "no function" } as unknown as Disposable)).toThrow(TypeError);
  });

  it("releases once", async () => {
    const stack = newStack();
    const pump = stack.use(new Pump());
    await stack.release(1000);
    await stack.release(1000);
    expect(pump.released).toBe(1);
  });

  it("reports a resource that throws or rejects, and releases the rest", async () => {
    const stack = newStack();
    const first = stack.use(new Pump());
    stack.defer(function closeLine() {
      throw new Error("line is stuck");
    });
    stack.adopt(new Pump(), async () => {
      throw new TypeError("pump is stuck");
    });
    // oxlint-disable-next-line no-throw-literal -- a plugin may
    stack.defer(() => {
      throw null;
    });
    const last = stack.use(new Pump());

    const failures = await stack.release(1000);

    expect([first.released, last.released]).toEqual([1, 1]);
    expect(failures.map((failure) => failure.code)).toEqual(Array.from({ length: 3 }, () => "RESOURCE_NOT_RELEASED"));
    expect(failures.map((failure) => failure.message)).toEqual([
      expect.stringContaining("null was thrown"),
      "peek_plugin_a holds a Pump, which threw when it was released: pump is stuck",
      "peek_plugin_a holds closeLine, which threw when it was released: line is stuck",
    ]);
    expect(failures[1]).toMatchObject({
      cause: new TypeError("pump is stuck"),
      fields: { plugin: "peek_plugin_a", resource: "a Pump" },
    });
  });

  it("abandons a resource that does not settle, and releases the rest, within one budget", async () => {
    vi.useFakeTimers();
    const stack = newStack();
    const first = stack.use(new Pump());
    stack.defer(function hangsToo() {
      return new Promise<void>(() => undefined);
    });
    stack.defer(function hangs() {
      return new Promise<void>(() => undefined);
    });
    const released = stack.release(1000);
    await vi.advanceTimersByTimeAsync(999);
    expect(first.released).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    await vi.runAllTimersAsync();
    const failures = await released;
    expect(first.released).toBe(1);
    expect(failures.map((failure) => failure.message)).toEqual([
      "peek_plugin_a holds hangs, which was not released within 1000 ms",
      expect.stringContaining("peek_plugin_a holds hangsToo, which was not released within"),
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("releases synchronous resources although the budget is used up", async () => {
    const stack = newStack();
    const pumps = Array.from({ length: 5 }, () => stack.use(new Pump()));
    const lines: string[] = [];
    stack.use(new Line(() => lines.push("closed")));
    expect(await stack.release(0)).toEqual([]);
    expect(pumps.map((pump) => pump.released)).toEqual([1, 1, 1, 1, 1]);
    expect(lines).toEqual(["closed"]);
  });

  describe.each([
    ["while it is released", async (stack: ResourceStack) => void stack.release(1000)],
    ["after it was released", async (stack: ResourceStack) => void (await stack.release(1000))],
  ])("a resource that is acquired %s", (_when, release) => {
    it("is released at once, and the plugin gets an error", async () => {
      const stack = newStack();
      stack.defer(() => new Promise((resolve) => setImmediate(resolve)));
      await release(stack);
      expect(stack.disposed).toBe(true);

      const used = new Pump();
      const adopted = new Pump();
      const deferred = new Pump();
      const errors = [
        caught(() => stack.use(used)),
        caught(() => stack.adopt(adopted, (pump) => pump[Symbol.dispose]())),
        caught(() => stack.defer(() => deferred[Symbol.dispose]())),
      ];

      expect([used.released, adopted.released, deferred.released]).toEqual([1, 1, 1]);
      for (const error of errors)
        expect(error).toMatchObject({ code: "PLUGIN_RELEASED", fields: { plugin: "peek_plugin_a" } });
      expect(errors[0]?.message).toContain("peek_plugin_a acquired a Pump after it had been stopped");
    });

    it("may throw when it is released, without an unhandled rejection", async () => {
      const stack = newStack();
      await release(stack);
      expect(caught(() => stack.defer(() => Promise.reject(new Error("stuck")))).code).toBe("PLUGIN_RELEASED");
      expect(
        caught(() =>
          stack.defer(() => {
            throw new Error("stuck");
          }),
        ).code,
      ).toBe("PLUGIN_RELEASED");
    });
  });

  it("has a title for values without a class or with an anonymous class", async () => {
    const stack = newStack();
    const stuck = (): never => {
      throw new Error("stuck");
    };
    stack.adopt(Object.create(null), stuck);
    stack.adopt(7, stuck);
    stack.defer((() => stuck)());
    stack.adopt({ constructor: null }, stuck);
    expect((await stack.release(1000)).map((failure) => failure.fields["resource"])).toEqual([
      "a resource",
      "stuck",
      "a number",
      "a resource",
    ]);
  });
});
