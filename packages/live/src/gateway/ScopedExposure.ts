import { describeValue, PeekError } from "@peek/errors";
import type { PluginExposedActions, PluginExposedObservables, ServiceName } from "@peek/plugin-base";
import type { ActionType, GatewayService, TupleType } from "@peek/plugin-base/contracts";
import type { PluginScopes } from "@peek/kit";
import type { Exposure } from "./Exposure.ts";

/** What one plugin exposes: for as long as the phase of its life lasts in which it does. */
export class ScopedExposure {
  readonly observables: PluginExposedObservables = { expose: (type) => this.#exposeObservable(type) };
  readonly actions: PluginExposedActions = { expose: (type) => this.#exposeAction(type) };
  readonly #plugin: string;
  readonly #scopes: PluginScopes;
  readonly #exposure: Exposure;
  readonly #service: ServiceName;

  /** @param service Where it is exposed. */
  constructor(plugin: string, scopes: PluginScopes, exposure: Exposure, service: ServiceName) {
    this.#plugin = plugin;
    this.#scopes = scopes;
    this.#exposure = exposure;
    this.#service = service;
  }

  #exposeObservable({ name, services }: TupleType<unknown>): Disposable {
    const scope = this.#scopes.current();
    this.#check("observable", name, services);
    if (!this.#exposure.addObservable(name))
      throw this.#exposedAlready("OBSERVABLE_ALREADY_PROVIDED", "observable", name);
    const release = scope.stack(`the exposed observable ${name}`, () => this.#exposure.removeObservable(name));
    return { [Symbol.dispose]: () => void release() };
  }

  #exposeAction({ name, services }: ActionType<unknown, unknown, unknown, unknown>): Disposable {
    const scope = this.#scopes.current();
    this.#check("action", name, services);
    if (!this.#exposure.addAction(name)) throw this.#exposedAlready("ACTION_ALREADY_HANDLED", "action", name);
    const release = scope.stack(`the exposed action ${name}`, () => this.#exposure.removeAction(name));
    return { [Symbol.dispose]: () => void release() };
  }

  #check(what: string, name: string, services: readonly GatewayService[] | undefined): void {
    const plugin = this.#plugin;
    if (!name.startsWith(`${plugin}.`)) throw this.#invalid(what, name, `its name has to begin with ${plugin}`);
    const service = this.#service;
    if (services === undefined || services.some((each) => each === service)) return;
    const where = services.length === 0 ? "no service" : services.join(" and ");
    throw this.#invalid(what, name, `it is defined for ${where}, and this is ${service}`);
  }

  #invalid(what: string, name: string, why: string): PeekError {
    const plugin = this.#plugin;
    return new PeekError("CONTRACT_INVALID", `${plugin} cannot expose the ${what} ${describeValue(name)}: ${why}.`, {
      fields: { plugin, [what]: name },
    });
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
