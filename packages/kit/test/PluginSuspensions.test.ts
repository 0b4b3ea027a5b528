import { PluginSuspensions } from "@peek/kit";
import { describe, expect, it } from "vitest";

const plugin = "peek_plugin_pump";

describe("suspensions of a plugin", () => {
  it("overlap: the plugin is resumed with the end of the last one", async () => {
    const events: string[] = [];
    const suspensions = new PluginSuspensions({
      onSuspended: (name) => events.push(`suspended ${name}`),
      onResumed: (name) => events.push(`resumed ${name}`),
    });
    const first = suspensions.suspend(plugin);
    const second = suspensions.suspend(plugin);
    const over = suspensions.over(plugin);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(suspensions.has(plugin)).toBe(true);
    expect(await suspensions.resumed(plugin, 1)).toBe(false);
    second[Symbol.dispose]();
    await over;
    expect(await suspensions.resumed(plugin, 0)).toBe(true);
    expect(events).toEqual([`suspended ${plugin}`, `resumed ${plugin}`]);
  });

  it("are waited for within a time, also those that follow", async () => {
    const suspensions = new PluginSuspensions();
    const first = suspensions.suspend(plugin);
    const waiting = suspensions.resumed(plugin, 60_000);
    first[Symbol.dispose]();
    const second = suspensions.suspend(plugin);
    let isOver = false;
    void waiting.then(() => (isOver = true));
    expect(await suspensions.resumed(plugin, 1)).toBe(false);
    expect(isOver).toBe(false);
    second[Symbol.dispose]();
    expect(await waiting).toBe(true);
  });

  it("end with the part of the platform, without an event", async () => {
    const events: string[] = [];
    const suspensions = new PluginSuspensions({ onResumed: (name) => events.push(name) });
    const suspension = suspensions.suspend(plugin);
    const waiting = suspensions.resumed(plugin, 60_000);
    suspensions[Symbol.dispose]();
    expect(await waiting).toBe(false);
    suspension[Symbol.dispose]();
    using _late = suspensions.suspend(plugin);
    expect([suspensions.has(plugin), events]).toEqual([false, []]);
  });
});
