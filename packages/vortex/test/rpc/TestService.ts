import type { PluginVortex } from "@peek/plugin-base";
import type { Bus, BusMember } from "@peek/bus";
import { Vortex } from "../../src/Vortex.ts";
import { TestLog } from "@peek/kit/testing";

/** The plugin of these tests. */
export const plugin = "peek_plugin_pump";

/** A service with a bus, a Vortex and one plugin. */
export class TestService implements AsyncDisposable {
  readonly bus: Bus;
  readonly log: TestLog = new TestLog();
  readonly vortex: Vortex;
  /** The plugin's `platform.vortex`. */
  readonly plugin: PluginVortex;
  /** The stack of the plugin's present phase. A test may replace it. */
  stack: AsyncDisposableStack = new AsyncDisposableStack();

  constructor(bus: Bus, member: BusMember) {
    this.bus = bus;
    this.vortex = new Vortex({ bus, member, logger: this.log });
    this.plugin = this.vortex.forPlugin(plugin, () => this.stack, this.log);
  }

  /** Stops in the order in which a service stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
    await this.vortex[Symbol.asyncDispose]();
    await this.bus[Symbol.asyncDispose]();
  }
}
