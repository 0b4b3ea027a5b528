import type { PluginPresence } from "@peek/plugin-base";
import { Listeners } from "../bus/Listeners.ts";
import { ObservablesRpc } from "./ObservablesRpc.ts";

/** Whether a logic service is connected that serves observables. */
export class UpstreamWatch implements AsyncDisposable {
  readonly #serving = new Set<string>();
  readonly #listeners = new Listeners<boolean>();
  readonly #closing = new AbortController();
  readonly #watched: Promise<void>;

  constructor(presence: PluginPresence) {
    this.#watched = this.#watch(presence);
  }

  get isUp(): boolean {
    return this.#serving.size > 0;
  }

  onChange(listener: (isUp: boolean) => void): Disposable {
    return this.#listeners.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
    this.#closing.abort();
    await this.#watched;
  }

  async #watch(presence: PluginPresence): Promise<void> {
    for await (const { kind, peer } of presence.changes({ service: "logic", signal: this.#closing.signal })) {
      const before = this.isUp;
      if (kind !== "left" && peer.serves.includes(ObservablesRpc.name)) this.#serving.add(peer.instance);
      else this.#serving.delete(peer.instance);
      if (this.isUp !== before) this.#listeners.tell(this.isUp);
    }
  }
}
