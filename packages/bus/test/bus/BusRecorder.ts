import type { PeerIdentity, PresenceChange } from "@peek/plugin-base";
import type { Bus, BusState } from "../../src/Bus.ts";

/** Records all events of a bus, and waits for events. */
export class BusRecorder {
  readonly texts: { readonly from: PeerIdentity; readonly text: string }[] = [];
  readonly changes: PresenceChange[] = [];
  readonly gone: string[] = [];
  readonly states: BusState[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(bus: Bus) {
    bus.onMessage((from, text) => this.#heard(this.texts, { from, text }));
    bus.onPresence((change) => this.#heard(this.changes, change));
    bus.onGone((instance) => this.#heard(this.gone, instance));
    bus.onState((state) => this.#heard(this.states, state));
  }

  /** The changes as texts: `joined agent-k3v9x2m7qd`. */
  get news(): readonly string[] {
    return this.changes.map(({ kind, peer }) => `${kind} ${peer.instance}`);
  }

  /** Waits until a condition holds. */
  async until(isSo: () => boolean, what = String(isSo), timeoutMs = 55_000): Promise<void> {
    if (isSo()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      if (isSo()) resolve();
    };
    this.#waiting.add(check);
    const said = (): string =>
      JSON.stringify({ texts: this.texts.length, news: this.news, gone: this.gone, states: this.states });
    const late = setTimeout(() => reject(new Error(`Not within ${timeoutMs} ms: ${what}. ${said()}`)), timeoutMs);
    try {
      await promise;
    } finally {
      clearTimeout(late);
      this.#waiting.delete(check);
    }
  }

  #heard<T>(list: T[], item: T): void {
    list.push(item);
    for (const check of this.#waiting) check();
  }
}
