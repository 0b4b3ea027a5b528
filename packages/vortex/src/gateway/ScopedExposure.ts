import { describeValue, PeekError } from "@peek/errors";
import type { PluginExposedActions, PluginExposedObservables } from "@peek/plugin-base";
import type { ActionType, TupleType } from "@peek/plugin-base/contracts";
import type { PluginScopes } from "../plugin/PluginScopes.ts";
import type { Exposure } from "./Exposure.ts";

/** What one plugin exposes: for as long as the phase of its life lasts in which it does. */
export class ScopedExposure {
  readonly observables: PluginExposedObservables = { expose: (type) => this.#exposeObservable(type) };
  readonly actions: PluginExposedActions = { expose: (type) => this.#exposeAction(type) };
  readonly #plugin: string;
  readonly #scopes: PluginScopes;
  readonly #exposure: Exposure;

  constructor(plugin: string, scopes: PluginScopes, exposure: Exposure) {
    this.#plugin = plugin;
    this.#scopes = scopes;
    this.#exposure = exposure;
  }

  #exposeObservable({ name }: TupleType<unknown>): Disposable {
    const scope = this.#scopes.current();
    this.#checkName("observable", name);
    if (!this.#exposure.addObservable(name))
      throw this.#exposedAlready("OBSERVABLE_ALREADY_PROVIDED", "observable", name);
    const release = scope.stack(`the exposed observable ${name}`, () => this.#exposure.removeObservable(name));
    return { [Symbol.dispose]: () => void release() };
  }

  #exposeAction({ name }: ActionType<unknown, unknown, unknown, unknown>): Disposable {
    const scope = this.#scopes.current();
    this.#checkName("action", name);
    if (!this.#exposure.addAction(name)) throw this.#exposedAlready("ACTION_ALREADY_HANDLED", "action", name);
    const release = scope.stack(`the exposed action ${name}`, () => this.#exposure.removeAction(name));
    return { [Symbol.dispose]: () => void release() };
  }

  #checkName(what: string, name: string): void {
    const plugin = this.#plugin;
    if (name.startsWith(`${plugin}.`)) return;
    throw new PeekError(
      "CONTRACT_INVALID",
      `${plugin} cannot expose the ${what} ${describeValue(name)}: its name has to begin with ${plugin}.`,
      { fields: { plugin, [what]: name } },
    );
  }

  #exposedAlready(
    code: "OBSERVABLE_ALREADY_PROVIDED" | "ACTION_ALREADY_HANDLED",
    what: string,
    name: string,
  ): PeekError {
    const plugin = this.#plugin;
    return new PeekError(code, `${plugin} exposes the ${what} ${name} already. Expose it once.`, {
      fields: { plugin, [what]: name },
    });
  }
}
