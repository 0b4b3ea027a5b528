import { PeekError } from "@peek/errors";
import type { PluginScopes } from "@peek/kit";
import type { ObservableProvider, PluginObservables, ProvidedObservable } from "@peek/plugin-base";
import { type SelectorValues, TupleSelector, type TupleType } from "@peek/plugin-base/contracts";
import type { z } from "zod";
import { checkProvider } from "./checkProvider.ts";
import type { LogicObservable } from "./LogicObservable.ts";

/** Options of {@link ScopedObservables}. */
export interface ScopedObservablesOptions {
  readonly plugin: string;
  readonly scopes: PluginScopes;
  readonly hasStorage: boolean;
  /** @throws PeekError `OBSERVABLE_ALREADY_PROVIDED` */
  readonly provide: (type: TupleType<unknown>, provider: ObservableProvider<unknown, z.ZodType>) => LogicObservable;
  readonly find: (name: string) => LogicObservable | undefined;
  readonly withdraw: (observable: LogicObservable) => Promise<void>;
}

/** `platform.observables` of one plugin on logic. Its observables are withdrawn with its scope. */
export class ScopedObservables implements PluginObservables {
  readonly #options: ScopedObservablesOptions;

  constructor(options: ScopedObservablesOptions) {
    this.#options = options;
  }

  provide<T, Input, Selector extends z.ZodType>(
    type: TupleType<T, Input>,
    provider: ObservableProvider<Input, Selector>,
  ): ProvidedObservable {
    const { plugin, scopes, hasStorage, provide, withdraw } = this.#options;
    const scope = scopes.current();
    // Its selector is parsed by its own schema, and its tuples are checked by the type's.
    const erased: ObservableProvider<unknown, z.ZodType> = provider;
    checkProvider(plugin, type, erased, hasStorage);
    const observable = provide(type, erased);
    const release = scope.stack(`the observable ${type.name}`, () => withdraw(observable));
    return {
      notify: (selector) => observable.notify(canonicalOf(type, selector)),
      rightsChanged: () => observable.rightsChanged(),
      [Symbol.asyncDispose]: release,
    };
  }

  notify(type: TupleType<unknown>, selector?: SelectorValues): void {
    const { plugin, scopes, find } = this.#options;
    scopes.current();
    if (type.plugin !== plugin) {
      throw new PeekError(
        "CONTRACT_INVALID",
        `${plugin} cannot notify of ${type.name}, which ${type.plugin} provides.`,
        {
          fields: { plugin, observable: type.name },
        },
      );
    }
    find(type.name)?.notify(canonicalOf(type, selector));
  }
}

function canonicalOf(type: TupleType<unknown>, selector: SelectorValues | undefined): string | undefined {
  return selector === undefined ? undefined : new TupleSelector(type.name, selector).canonical();
}
