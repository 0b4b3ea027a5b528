import type { PluginDisposables } from "@peek/plugin-base";
import { DisposableSlot } from "./DisposableSlot.ts";

/** How many free slots of one title may lie on a stack, from which nothing can be removed, before one is filled again. */
const maxFreeSlots = 100;

/** The resources of one plugin from one part of the platform in one phase of its life. The end of the phase disposes them. */
export class PluginScope {
  /** The plugin's name. */
  readonly plugin: string;
  readonly #disposables: PluginDisposables;
  readonly #held = new Set<() => void | PromiseLike<void>>();
  readonly #slots = new Set<DisposableSlot>();
  /** By the title of their resources. */
  readonly #freeSlots = new Map<string, Set<DisposableSlot>>();
  readonly #onEnd: (scope: PluginScope) => void;
  #isOver = false;
  #ending: Promise<void> | undefined;

  /**
   * @param disposables The stack of the phase.
   * @param onEnd Called first when the phase ends.
   */
  constructor(plugin: string, disposables: PluginDisposables, onEnd: (scope: PluginScope) => void) {
    this.plugin = plugin;
    this.#disposables = disposables;
    this.#onEnd = onEnd;
    disposables.defer(withName("its open work", () => this.end()));
  }

  /** Whether the phase has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Calls a function when the phase ends, which waits for its promise.
   *
   * @param end Must not throw or reject.
   * @returns Revokes that.
   */
  hold(end: () => void | PromiseLike<void>): () => void {
    const entry = (): void | PromiseLike<void> => end();
    this.#held.add(entry);
    return () => void this.#held.delete(entry);
  }

  /**
   * Puts a resource on the plugin's stack: it is released before all resources that the plugin had acquired earlier, and the stack
   * waits for it.
   *
   * @param title Names the resource, in the message when its release does not end in time.
   * @param release Called once. Must not fail.
   * @returns Releases the resource earlier. Every call settles when it is released.
   */
  stack(title: string, release: () => void | PromiseLike<void>): () => Promise<void> {
    const slot = this.#slot(title);
    let released: Promise<void> | undefined;
    slot.fill(() => (released ??= settled(release())));
    this.#slots.add(slot);
    // After the release, the slot may hold another resource.
    return () => released ?? slot.release();
  }

  /**
   * Ends the scope as the end of its phase does. All resources begin to end together, so that slow ones take their time side by side.
   * Resolves when the held functions are done.
   */
  end(): Promise<void> {
    return (this.#ending ??= this.#end());
  }

  /** A free slot above all that the plugin has acquired until now. */
  #slot(title: string): DisposableSlot {
    const free = this.#freeSlots.get(title) ?? new Set();
    this.#freeSlots.set(title, free);
    if (free.size >= maxFreeSlots) {
      // The slot that became free last is most likely the highest.
      const last = [...free].at(-1);
      if (last !== undefined) {
        free.delete(last);
        return last;
      }
    }
    const slot: DisposableSlot = new DisposableSlot(() => {
      this.#slots.delete(slot);
      if (!this.#isOver) free.add(slot);
    });
    this.#disposables.defer(
      withName(title, () => {
        void this.end();
        return slot.release();
      }),
    );
    return slot;
  }

  async #end(): Promise<void> {
    this.#isOver = true;
    this.#onEnd(this);
    const ended = Array.from(this.#held, async (end) => await end());
    for (const slot of this.#slots) void slot.release();
    await Promise.all(ended);
  }
}

async function settled(done: void | PromiseLike<void>): Promise<void> {
  await done;
}

/** The loader reports a function that does not end in time by its name. */
function withName<Work extends () => unknown>(name: string, work: Work): Work {
  return Object.defineProperty(work, "name", { value: name });
}
