import type { CallScope } from "../rpc/CallScope.ts";

/** What a plugin has acquired by Vortex in one phase of its life. It is on the phase's stack of disposables, once. */
export class PluginScope implements CallScope, AsyncDisposable {
  readonly plugin: string;
  readonly #held = new Set<() => void | PromiseLike<void>>();
  readonly #onEnd: (scope: CallScope) => void;
  #isOver = false;

  /** @param onEnd Called when the phase is over, first of all. */
  constructor(plugin: string, onEnd: (scope: CallScope) => void) {
    this.plugin = plugin;
    this.#onEnd = onEnd;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** How many things it holds. */
  get size(): number {
    return this.#held.size;
  }

  /**
   * Keeps what is to be released with the phase.
   *
   * @returns What releases it before; doing so again does nothing.
   */
  hold<Released extends void | Promise<void>>(release: () => Released): () => Released | undefined {
    const once = (): Released | undefined => (this.#held.delete(once) ? release() : undefined);
    this.#held.add(once);
    return once;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#onEnd(this);
    await Promise.all([...this.#held].map(async (release) => await release()));
  }
}
