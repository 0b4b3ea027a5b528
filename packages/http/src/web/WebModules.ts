import { Listeners, PluginSuspensions, waitAtMost } from "@peek/kit";
import type { PluginDisposables } from "@peek/plugin-base";
import type { WebSection } from "@peek/plugin-base/manifest";

/** One generation of a plugin that has a web module for the site. */
export interface WebModule {
  readonly plugin: string;
  /** The number of the generation: {@link WebModules} keeps one generation of each plugin. */
  readonly generation: number;
  readonly title: string;
  readonly version: string;
  /** The folder of its package. */
  readonly rootDir: string;
  readonly section: WebSection;
}

/** A web module that is shown. */
export interface ShownWebModule {
  readonly module: WebModule;
  readonly state: "running" | "updating";
}

/**
 * The web modules of the plugins that run on a service. It reads no file. While a plugin is suspended, its former module is kept as
 * `updating`: browsers keep its pages while a new generation starts.
 */
export class WebModules implements Disposable {
  readonly #shown = new Map<string, WebModule>();
  /** Generations whose plugin is not started yet, or has been started. */
  readonly #present = new Map<string, WebModule>();
  readonly #suspensions: PluginSuspensions;
  readonly #changed = new Listeners<void>();
  readonly #complete = Promise.withResolvers<void>();
  #isComplete = false;

  constructor() {
    this.#suspensions = new PluginSuspensions({
      onSuspended: () => this.#changed.notify(),
      onResumed: (plugin) => this.#resumed(plugin),
    });
  }

  /** Registers the module of a generation. It is shown from {@link started} on, until the stack is disposed. */
  add(module: WebModule, disposables: PluginDisposables): void {
    this.#present.set(module.plugin, module);
    disposables.defer(() => this.#remove(module));
  }

  /** Shows the module of a plugin whose generation has been started. Does nothing for a plugin without one. */
  started({ name, generation }: { readonly name: string; readonly generation: number }): void {
    const module = this.#present.get(name);
    if (module?.generation !== generation) return;
    this.#shown.set(name, module);
    this.#changed.notify();
  }

  /** Marks a plugin as `updating` until the result is disposed. */
  suspend(plugin: string): Disposable {
    return this.#suspensions.suspend(plugin);
  }

  /** All plugins of the service have been started, or have failed. */
  begin(): void {
    this.#isComplete = true;
    this.#complete.resolve();
  }

  /**
   * Waits until the plugins of a service that starts have been started. Before, browsers would take the modules that are still missing
   * for disabled ones.
   *
   * @returns Whether they have.
   */
  async complete(atMostMs: number): Promise<boolean> {
    if (!this.#isComplete) await waitAtMost(atMostMs, this.#complete.promise);
    return this.#isComplete;
  }

  /** The modules that are shown. */
  all(): readonly ShownWebModule[] {
    return [...this.#shown.values()].map((module) => ({
      module,
      state: this.#suspensions.has(module.plugin) ? "updating" : "running",
    }));
  }

  of(plugin: string): WebModule | undefined {
    return this.#shown.get(plugin);
  }

  /** Calls a listener after each change of {@link all}, until the result is disposed. */
  onChange(listener: () => void): Disposable {
    return this.#changed.add(listener);
  }

  /** The service stops: nothing is waited for any more. */
  [Symbol.dispose](): void {
    this.#suspensions[Symbol.dispose]();
    this.#changed.clear();
    this.#complete.resolve();
  }

  #remove(module: WebModule): void {
    const { plugin } = module;
    if (this.#present.get(plugin) === module) this.#present.delete(plugin);
    if (this.#shown.get(plugin) !== module || this.#suspensions.has(plugin)) return;
    this.#shown.delete(plugin);
    this.#changed.notify();
  }

  #resumed(plugin: string): void {
    if (!this.#present.has(plugin)) this.#shown.delete(plugin);
    this.#changed.notify();
  }
}
