import type { PeerIdentity, ServiceName } from "@peek/plugin-base";
import type { MemoryBus } from "@peek/bus";
import type { MemoryHarness } from "./MemoryHarness.ts";
import { until } from "@peek/kit/testing";

/** A peer that sends arbitrary frames, and records the received ones. */
export class RawPeer {
  readonly bus: MemoryBus;
  readonly texts: string[] = [];

  private constructor(bus: MemoryBus) {
    this.bus = bus;
    bus.onMessage((_, text) => this.texts.push(text));
  }

  static async join(harness: MemoryHarness, service: ServiceName): Promise<RawPeer> {
    return new RawPeer((await harness.join(service)).bus);
  }

  send(to: PeerIdentity, ...texts: readonly string[]): void {
    for (const text of texts) this.bus.send(to, text);
  }

  /** Waits for a frame. */
  async next(pattern: RegExp): Promise<string> {
    let found: string | undefined;
    await until(`a text like ${String(pattern)} among ${JSON.stringify(this.texts)}`, () => {
      found = this.texts.find((text) => pattern.test(text));
      return found !== undefined;
    });
    return found ?? "";
  }
}
