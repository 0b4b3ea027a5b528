import { PluginScopes } from "@peek/kit";
import { expect, test } from "vitest";
import { codeOf } from "./until.ts";

test("Each phase of a plugin has one scope, and after its end a request is PLUGIN_RELEASED", async () => {
  let stack = new AsyncDisposableStack();
  const scopes = new PluginScopes("peek_plugin_pumps", () => stack);
  const first = scopes.current();
  expect(scopes.current()).toBe(first);
  await stack.disposeAsync();
  expect(first.isOver).toBe(true);
  expect(await codeOf(() => scopes.current())).toBe("PLUGIN_RELEASED");
  stack = new AsyncDisposableStack();
  expect(scopes.current()).not.toBe(first);
});

test("The end of a phase calls the held functions and waits for their promises; revoked ones are not called", async () => {
  const stack = new AsyncDisposableStack();
  const scope = new PluginScopes("peek_plugin_pumps", () => stack).current();
  const called: string[] = [];
  const done = Promise.withResolvers<void>();
  scope.hold(() => void called.push("sync"));
  scope.hold(async () => {
    await done.promise;
    called.push("async");
  });
  scope.hold(() => void called.push("revoked"))();
  const ended = stack.disposeAsync();
  expect(called).toEqual(["sync"]);
  done.resolve();
  await ended;
  expect(called).toEqual(["sync", "async"]);
});

test("Resources begin to end together, and each is released once", async () => {
  const stack = new AsyncDisposableStack();
  const scope = new PluginScopes("peek_plugin_pumps", () => stack).current();
  const done = Promise.withResolvers<void>();
  const released: string[] = [];
  const release = (name: string) => async (): Promise<void> => {
    released.push(name);
    await done.promise;
  };
  scope.stack("a pump", release("a"));
  const early = scope.stack("a pump", release("b"));
  void early();
  const ended = stack.disposeAsync();
  expect(released).toEqual(["b", "a"]);
  done.resolve();
  await ended;
  expect(released).toEqual(["b", "a"]);
});

test("A part of the platform that ends first ends all scopes of the plugin", async () => {
  const stack = new AsyncDisposableStack();
  const scopes = new PluginScopes("peek_plugin_pumps", () => stack);
  let ends = 0;
  scopes.current().hold(() => void (ends += 1));
  await scopes.end();
  await stack.disposeAsync();
  expect(ends).toBe(1);
});
