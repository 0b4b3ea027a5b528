import { defineAction, defineTuple } from "@peek/plugin-base/contracts";
import { expect, test } from "vitest";
import { z } from "zod";
import { ExposedContracts } from "../../src/gateway/exposed/ExposedContracts.ts";
import { ScopedExposedContracts } from "../../src/gateway/exposed/ScopedExposedContracts.ts";
import { PluginScopes } from "@peek/kit";
import { codeOf } from "@peek/kit/testing";

const Pump = defineTuple("peek_plugin_pump.Pump", { id: z.int() }, { key: ["id"] });
const Press = defineAction("peek_plugin_pump.Press", { id: z.int() });

function pluginOf(
  exposure: ExposedContracts,
  name = "peek_plugin_pump",
): { stack: AsyncDisposableStack; scoped: ScopedExposedContracts } {
  const stack = new AsyncDisposableStack();
  const scopes = new PluginScopes(
    name,
    () => stack,
    () => undefined,
  );
  return { stack, scoped: new ScopedExposedContracts(name, scopes, exposure, "field") };
}

test("an exposed contract is withdrawn when it is disposed, and with the phase of its plugin", async () => {
  const exposure = new ExposedContracts();
  const { stack, scoped } = pluginOf(exposure);
  const removed: string[] = [];
  using _listening = exposure.onRemoved((name) => removed.push(name));
  const exposed = scoped.observables.expose(Pump);
  scoped.actions.expose(Press);
  expect([exposure.observable(Pump.name), exposure.action(Press.name)]).toEqual(["exposed", "exposed"]);
  exposed[Symbol.dispose]();
  expect(exposure.observable(Pump.name)).toBe("unknown");
  scoped.observables.expose(Pump);
  await stack.disposeAsync();
  expect([exposure.observable(Pump.name), exposure.action(Press.name)]).toEqual(["unknown", "unknown"]);
  expect(removed).toEqual([Pump.name, Pump.name]);
  expect(await codeOf(() => scoped.observables.expose(Pump))).toBe("PLUGIN_RELEASED");
});

test("a plugin exposes only its own contracts, and each once", async () => {
  const exposure = new ExposedContracts();
  const { scoped } = pluginOf(exposure);
  scoped.observables.expose(Pump);
  scoped.actions.expose(Press);
  expect(await codeOf(() => scoped.observables.expose(Pump))).toBe("OBSERVABLE_ALREADY_PROVIDED");
  expect(await codeOf(() => scoped.actions.expose(Press))).toBe("ACTION_ALREADY_HANDLED");
  const other = pluginOf(exposure, "peek_plugin_other").scoped;
  expect(await codeOf(() => other.observables.expose(Pump))).toBe("CONTRACT_INVALID");
  expect(await codeOf(() => other.actions.expose(Press))).toBe("CONTRACT_INVALID");
});
