import { PluginScopes } from "@peek/kit";
import { PeekError } from "@peek/errors";
import { describe, expect, it } from "vitest";

const plugin = "peek_plugin_pump";

describe("the scopes of a plugin", () => {
  it("are one for each phase", async () => {
    let stack = new AsyncDisposableStack();
    const ended: unknown[] = [];
    const scopes = new PluginScopes(
      plugin,
      () => stack,
      (scope) => ended.push(scope),
    );
    const first = scopes.current();
    expect(scopes.current()).toBe(first);
    const loading = stack;
    stack = new AsyncDisposableStack();
    const second = scopes.current();
    expect(second).not.toBe(first);
    await stack.disposeAsync();
    expect(ended).toEqual([second]);
    expect([first.isOver, second.isOver]).toEqual([false, true]);
    stack = loading;
    expect(scopes.current()).toBe(first);
  });

  it("end with the phase: after it, PLUGIN_RELEASED is thrown", async () => {
    const stack = new AsyncDisposableStack();
    const scopes = new PluginScopes(plugin, () => stack);
    await stack.disposeAsync();
    try {
      scopes.current();
      expect.unreachable();
    } catch (error) {
      expect(PeekError.is(error) && error.code).toBe("PLUGIN_RELEASED");
    }
  });
});

describe("a scope", () => {
  it("calls held functions when the phase ends, except revoked ones", async () => {
    const stack = new AsyncDisposableStack();
    const scope = new PluginScopes(plugin, () => stack).current();
    const calls: string[] = [];
    scope.hold(() => void calls.push("held"));
    scope.hold(() => void calls.push("revoked"))();
    await stack.disposeAsync();
    expect(calls).toEqual(["held"]);
  });

  it("releases a resource before the resources that the plugin had acquired earlier, and waits for it", async () => {
    const stack = new AsyncDisposableStack();
    const scope = new PluginScopes(plugin, () => stack).current();
    const order: string[] = [];
    stack.defer(() => void order.push("connection"));
    scope.stack("a contract", async () => {
      await Promise.resolve();
      order.push("contract");
    });
    await stack.disposeAsync();
    expect(order).toEqual(["contract", "connection"]);
  });

  it("releases a resource once, however often and by whom that is requested", async () => {
    const stack = new AsyncDisposableStack();
    const scope = new PluginScopes(plugin, () => stack).current();
    let released = 0;
    const release = scope.stack("a contract", () => void (released += 1));
    await Promise.all([release(), release()]);
    await stack.disposeAsync();
    await release();
    expect(released).toBe(1);
  });

  it("reuses the slots of resources that were released early, so that the stack does not grow without limit", async () => {
    const stack = new AsyncDisposableStack();
    let deferred = 0;
    const counted = {
      get disposed() {
        return stack.disposed;
      },
      use: stack.use.bind(stack),
      adopt: stack.adopt.bind(stack),
      defer: (work: () => void | PromiseLike<void>) => {
        deferred += 1;
        stack.defer(work);
      },
    };
    const scope = new PluginScopes(plugin, () => counted).current();
    for (let n = 0; n < 1000; n += 1) await scope.stack("a stream", () => undefined)();
    expect(deferred).toBeLessThan(150);
    await stack.disposeAsync();
  });
});
