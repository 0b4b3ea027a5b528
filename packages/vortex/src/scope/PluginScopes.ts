import type { PluginDisposables } from "@peek/plugin-base";
import type { CallScope } from "../rpc/CallScope.ts";
import { released } from "../rpc/rpcErrors.ts";
import { PluginScope } from "./PluginScope.ts";

/** What is acquired belongs to the phase of the plugin's life in which that happens. */
export class PluginScopes {
  readonly #plugin: string;
  readonly #disposables: () => PluginDisposables;
  readonly #onEnd: (scope: CallScope) => void;
  readonly #scopes = new WeakMap<PluginDisposables, PluginScope>();
  /** Most often the phase is the same as before. */
  #lastStack: PluginDisposables | undefined;
  #last: PluginScope | undefined;

  /**
   * @param disposables The stack of the plugin's present phase.
   * @param onEnd Called when a phase is over.
   */
  constructor(plugin: string, disposables: () => PluginDisposables, onEnd: (scope: CallScope) => void) {
    this.#plugin = plugin;
    this.#disposables = disposables;
    this.#onEnd = onEnd;
  }

  /**
   * The present phase.
   *
   * @throws PeekError `VORTEX_CLOSED` when the plugin has been stopped.
   */
  current(): PluginScope {
    const stack = this.#disposables();
    if (stack.disposed) throw released(this.#plugin);
    if (stack === this.#lastStack && this.#last !== undefined) return this.#last;
    let scope = this.#scopes.get(stack);
    if (scope === undefined) {
      scope = new PluginScope(this.#plugin, stack, this.#onEnd);
      this.#scopes.set(stack, scope);
    }
    this.#lastStack = stack;
    this.#last = scope;
    return scope;
  }
}
