import { Listeners, PluginSuspensions } from "@peek/kit";
import { pluginOf } from "../../channel/pluginUpdating.ts";

/** Whether browsers may use an observable or an action; `updating`: its plugin is suspended, so that it is not known yet. */
export type Exposure = "exposed" | "unknown" | "updating";

/** The observables and actions that the plugins of a service expose to its browsers. */
export class ExposedContracts implements Disposable {
  readonly #observables = new Set<string>();
  readonly #actions = new Set<string>();
  /** The observables that suspended plugins have withdrawn. */
  readonly #withdrawn = new Set<string>();
  readonly #removed = new Listeners<string>();
  readonly #suspended = new Listeners<string>();
  readonly #resumed = new Listeners<string>();
  readonly #suspensions = new PluginSuspensions({
    onSuspended: (plugin) => this.#suspended.notify(plugin),
    onResumed: (plugin) => this.#onResumed(plugin),
  });

  observable(name: string): Exposure {
    if (this.#suspensions.has(pluginOf(name))) return "updating";
    return this.#observables.has(name) ? "exposed" : "unknown";
  }

  action(name: string): Exposure {
    if (this.#suspensions.has(pluginOf(name))) return "updating";
    return this.#actions.has(name) ? "exposed" : "unknown";
  }

  /** Returns false when it was exposed already. */
  addObservable(name: string): boolean {
    if (this.#observables.has(name)) return false;
    this.#observables.add(name);
    this.#withdrawn.delete(name);
    return true;
  }

  /** Returns false when it was exposed already. */
  addAction(name: string): boolean {
    if (this.#actions.has(name)) return false;
    this.#actions.add(name);
    return true;
  }

  removeObservable(name: string): void {
    if (!this.#observables.delete(name)) return;
    // The new version of a suspended plugin may expose it again.
    if (this.#suspensions.has(pluginOf(name))) this.#withdrawn.add(name);
    else this.#removed.notify(name);
  }

  removeAction(name: string): void {
    this.#actions.delete(name);
  }

  /** Suspends a plugin until the result is disposed: subscriptions stay, and what arrives waits. Several suspensions may overlap. */
  suspend(plugin: string): Disposable {
    return this.#suspensions.suspend(plugin);
  }

  /** Waits until the plugin of an observable or action is not suspended. As `PluginSuspensions.resumed`. */
  async resumed(name: string, atMostMs: number, signal: AbortSignal): Promise<boolean> {
    return await this.#suspensions.resumed(pluginOf(name), atMostMs, signal);
  }

  /** Resolves when the plugin of an observable or action is resumed; at once if it is not suspended. */
  async over(name: string): Promise<void> {
    await this.#suspensions.over(pluginOf(name));
  }

  /** Calls with the name of an observable that is no longer exposed. */
  onRemoved(listener: (observable: string) => void): Disposable {
    return this.#removed.add(listener);
  }

  /** Calls with the name of a plugin that is suspended. */
  onSuspended(listener: (plugin: string) => void): Disposable {
    return this.#suspended.add(listener);
  }

  /** Calls with the name of a plugin that is no longer suspended. */
  onResumed(listener: (plugin: string) => void): Disposable {
    return this.#resumed.add(listener);
  }

  /** Ends all suspensions without an event: the service stops. */
  [Symbol.dispose](): void {
    this.#suspensions[Symbol.dispose]();
  }

  #onResumed(plugin: string): void {
    for (const name of this.#withdrawn) {
      if (pluginOf(name) !== plugin) continue;
      this.#withdrawn.delete(name);
      this.#removed.notify(name);
    }
    this.#resumed.notify(plugin);
  }
}
