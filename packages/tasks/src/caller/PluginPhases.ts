import { PeekError } from "@peek/errors";
import type { PluginDisposables } from "@peek/plugin-base";

/** What a plugin waits for in one phase of its life. */
export class Phase {
  readonly #held = new Set<() => Promise<void>>();

  /**
   * Keeps what ends with the phase.
   *
   * @param end Must not throw, nor may what it returns reject.
   * @returns What forgets it.
   */
  hold(end: () => Promise<void>): () => void {
    const entry = (): Promise<void> => end();
    this.#held.add(entry);
    return () => void this.#held.delete(entry);
  }

  async end(): Promise<void> {
    const ended = Array.from(this.#held, (end) => end());
    this.#held.clear();
    await Promise.all(ended);
  }
}

/** What a plugin waits for belongs to the phase of its life in which it began to. */
export class PluginPhases {
  readonly #plugin: string;
  readonly #disposables: () => PluginDisposables;
  readonly #phases = new WeakMap<PluginDisposables, Phase>();
  readonly #open: Set<Phase>;

  /**
   * @param disposables The stack of the plugin's present phase.
   * @param open Where phases are while they last.
   */
  constructor(plugin: string, disposables: () => PluginDisposables, open: Set<Phase>) {
    this.#plugin = plugin;
    this.#disposables = disposables;
    this.#open = open;
  }

  /**
   * The present phase.
   *
   * @throws PeekError `PLUGIN_RELEASED` when the plugin has been stopped.
   */
  current(): Phase {
    const stack = this.#disposables();
    if (stack.disposed) throw released(this.#plugin);
    const present = this.#phases.get(stack);
    if (present !== undefined) return present;
    const phase = new Phase();
    const end = async (): Promise<void> => {
      this.#open.delete(phase);
      await phase.end();
    };
    // The platform names a function that is not done in time by its name.
    stack.defer(Object.defineProperty(end, "name", { value: "the tasks that it waits for" }));
    this.#phases.set(stack, phase);
    this.#open.add(phase);
    return phase;
  }
}

/** A plugin uses tasks, though it has been stopped. */
export function released(plugin: string): PeekError {
  return new PeekError(
    "PLUGIN_RELEASED",
    `${plugin} has been stopped, and can neither queue tasks nor wait for them any more. End all work in stop(), and wait for it there.`,
    { fields: { plugin } },
  );
}
