import type { PluginDisposables } from "@peek/plugin-base";
import type { CallScope } from "../rpc/CallScope.ts";
import { DisposableSlot } from "./DisposableSlot.ts";

/** So many empty rungs of one kind may lie on a stack, from which nothing can be taken out, before one is used again. */
const maxEmptyRungs = 100;

/** What a plugin has acquired by Vortex in one phase of its life. */
export class PluginScope implements CallScope {
  readonly plugin: string;
  readonly #disposables: PluginDisposables;
  readonly #held = new Set<() => void>();
  readonly #rungs = new Set<DisposableSlot>();
  /** By what they are for. */
  readonly #emptyRungs = new Map<string, Set<DisposableSlot>>();
  readonly #onEnd: (scope: CallScope) => void;
  #isOver = false;

  /**
   * @param disposables The stack of the phase.
   * @param onEnd Called when the phase is over, first of all.
   */
  constructor(plugin: string, disposables: PluginDisposables, onEnd: (scope: CallScope) => void) {
    this.plugin = plugin;
    this.#disposables = disposables;
    this.#onEnd = onEnd;
    disposables.defer(named("what it has under way by Vortex", () => this.#end()));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Keeps what ends with the phase, whatever else the plugin has acquired.
   *
   * @returns What forgets it.
   */
  hold(end: () => void): () => void {
    const entry = (): void => end();
    this.#held.add(entry);
    return () => void this.#held.delete(entry);
  }

  /**
   * Puts on the plugin's stack what needs what was acquired before it, and is given time to end.
   *
   * @param title What it is, for the message when it does not end.
   * @param release Called once. Must not fail.
   * @returns What releases it before. Settles, however often it is called, when it is released.
   */
  stack(title: string, release: () => void | PromiseLike<void>): () => Promise<void> {
    const rung = this.#rung(title);
    let released: Promise<void> | undefined;
    rung.put(() => (released ??= settled(release())));
    this.#rungs.add(rung);
    // By then, there may be something else on the rung.
    return () => released ?? rung.release();
  }

  /** A place above all that the plugin has acquired until now. */
  #rung(title: string): DisposableSlot {
    const empty = this.#emptyRungs.get(title) ?? new Set();
    this.#emptyRungs.set(title, empty);
    if (empty.size >= maxEmptyRungs) {
      // The last to become empty is most likely the highest.
      const last = [...empty].at(-1);
      if (last !== undefined) {
        empty.delete(last);
        return last;
      }
    }
    const rung: DisposableSlot = new DisposableSlot(() => {
      this.#rungs.delete(rung);
      if (!this.#isOver) empty.add(rung);
    });
    this.#disposables.defer(
      named(title, () => {
        this.#end();
        return rung.release();
      }),
    );
    return rung;
  }

  /** All of it begins to end as soon as any of it does: what takes time takes it at the same time. */
  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onEnd(this);
    for (const end of this.#held) end();
    for (const rung of this.#rungs) void rung.release();
  }
}

async function settled(done: void | PromiseLike<void>): Promise<void> {
  await done;
}

/** The platform names a function that is not done in time by its name. */
function named<Work extends () => unknown>(name: string, work: Work): Work {
  return Object.defineProperty(work, "name", { value: name });
}
