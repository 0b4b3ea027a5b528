import { describeValue, PeekError } from "@peek/errors";
import type { PluginExposedActions, PluginExposedObservables, ServiceName } from "@peek/plugin-base";
import type { ActionType, GatewayService, TupleType } from "@peek/plugin-base/contracts";
import type { PluginScopes } from "@peek/kit";
import type { ExposedContracts } from "./ExposedContracts.ts";

/** `platform.observables` and `platform.actions` of one plugin on a gateway. The end of the scope withdraws them. */
export class ScopedExposedContracts {
  readonly observables: PluginExposedObservables = { expose: (type) => this.#exposeObservable(type) };
  readonly actions: PluginExposedActions = { expose: (type) => this.#exposeAction(type) };
  readonly #plugin: string;
  readonly #scopes: PluginScopes;
  readonly #exposed: ExposedContracts;
  readonly #service: ServiceName;

  /** @param service The service of this process. */
  constructor(plugin: string, scopes: PluginScopes, exposed: ExposedContracts, service: ServiceName) {
    this.#plugin = plugin;
    this.#scopes = scopes;
    this.#exposed = exposed;
    this.#service = service;
  }

  #exposeObservable({ name, services }: TupleType<unknown>): Disposable {
    const scope = this.#scopes.current();
    this.#check("observable", name, services);
    if (!this.#exposed.addObservable(name))
      throw this.#exposedAlready("OBSERVABLE_ALREADY_PROVIDED", "observable", name);
    const release = scope.stack(`the exposed observable ${name}`, () => this.#exposed.removeObservable(name));
    return { [Symbol.dispose]: () => void release() };
  }

  #exposeAction({ name, services }: ActionType<unknown, unknown, unknown, unknown>): Disposable {
    const scope = this.#scopes.current();
    this.#check("action", name, services);
    if (!this.#exposed.addAction(name)) throw this.#exposedAlready("ACTION_ALREADY_HANDLED", "action", name);
    const release = scope.stack(`the exposed action ${name}`, () => this.#exposed.removeAction(name));
    return { [Symbol.dispose]: () => void release() };
  }

  #check(what: string, name: string, services: readonly GatewayService[] | undefined): void {
    const plugin = this.#plugin;
    if (!name.startsWith(`${plugin}.`)) throw this.#invalid(what, name, `its name must begin with ${plugin}`);
    const service = this.#service;
    if (services === undefined || services.some((each) => each === service)) return;
    const where = services.length === 0 ? "no service" : services.join(" and ");
    throw this.#invalid(what, name, `it is defined for ${where}, not for ${service}`);
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
    return new PeekError(code, `${plugin} already exposes the ${what} ${name}. Expose it once.`, {
      fields: { plugin, [what]: name },
    });
  }
}
