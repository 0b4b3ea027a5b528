import { PeekError } from "@peek/errors";
import type { PluginDisposables } from "@peek/plugin-base";
import { PluginScope } from "./PluginScope.ts";

/** The scopes of one plugin for one part of the platform: each phase of the plugin's life has its own. */
export class PluginScopes {
  readonly #plugin: string;
  readonly #disposables: () => PluginDisposables;
  readonly #onEnd: (scope: PluginScope) => void;
  readonly #scopes = new WeakMap<PluginDisposables, PluginScope>();
  readonly #open = new Set<PluginScope>();
  /** The last scope and its stack: most requests are for the same scope as before. */
  #lastStack: PluginDisposables | undefined;
  #last: PluginScope | undefined;

  /**
   * @param disposables Returns the stack of the plugin's present phase.
   * @param onEnd Called when a phase ends. Default: nothing is called.
   */
  constructor(
    plugin: string,
    disposables: () => PluginDisposables,
    onEnd: (scope: PluginScope) => void = () => undefined,
  ) {
    this.#plugin = plugin;
    this.#disposables = disposables;
    this.#onEnd = onEnd;
  }

  /**
   * Returns the scope of the present phase.
   *
   * @throws PeekError `PLUGIN_RELEASED` when the plugin was stopped.
   */
  current(): PluginScope {
    const stack = this.#disposables();
    if (stack.disposed) throw pluginReleased(this.#plugin);
    if (stack === this.#lastStack && this.#last !== undefined) return this.#last;
    let scope = this.#scopes.get(stack);
    if (scope === undefined) {
      scope = new PluginScope(this.#plugin, stack, (ended) => {
        this.#open.delete(ended);
        this.#onEnd(ended);
      });
      this.#scopes.set(stack, scope);
      this.#open.add(scope);
    }
    this.#lastStack = stack;
    this.#last = scope;
    return scope;
  }

  /** Ends all open scopes, when a part of the platform ends before the plugin. */
  async end(): Promise<void> {
    await Promise.all(Array.from(this.#open, (scope) => scope.end()));
  }
}

/** A plugin used the platform after it was stopped, or was stopped while it waited. */
export function pluginReleased(plugin: string): PeekError {
  return new PeekError(
    "PLUGIN_RELEASED",
    `${plugin} was stopped, and its open work was cancelled. End all work in stop(), and wait for it there.`,
    { fields: { plugin } },
  );
}
