import { PeekError } from "@peek/errors";
import type { Logger, ObservableProvider, PluginObservables, ProvidedObservable } from "@peek/plugin-base";
import { type SelectorValues, TupleSelector, type TupleType } from "@peek/plugin-base/contracts";
import type { z } from "zod";
import type { PluginScopes } from "@peek/kit";
import { checkProvider } from "./checkProvider.ts";
import type { LogicObservable } from "./LogicObservable.ts";

/** What {@link ScopedObservables} are made of. */
export interface ScopedObservablesParts {
  readonly plugin: string;
  readonly scopes: PluginScopes;
  readonly logger: Logger;
  readonly hasStorage: boolean;
  /** Provides an observable; throws `OBSERVABLE_ALREADY_PROVIDED`. */
  readonly provide: (type: TupleType<unknown>, provider: ObservableProvider<unknown, z.ZodType>) => LogicObservable;
  readonly find: (name: string) => LogicObservable | undefined;
  readonly withdraw: (observable: LogicObservable) => Promise<void>;
}

/** The observables of one plugin, on logic. */
export class ScopedObservables implements PluginObservables {
  readonly #parts: ScopedObservablesParts;

  constructor(parts: ScopedObservablesParts) {
    this.#parts = parts;
  }

  provide<T, Input, Selector extends z.ZodType>(
    type: TupleType<T, Input>,
    provider: ObservableProvider<Input, Selector>,
  ): ProvidedObservable {
    const { plugin, scopes, hasStorage, provide, withdraw } = this.#parts;
    const scope = scopes.current();
    // What the provider is asked with has been checked by its own schema, and what it gives is checked by the type's.
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
    const { plugin, scopes, find } = this.#parts;
    scopes.current();
    if (type.plugin !== plugin) {
      throw new PeekError("CONTRACT_INVALID", `${plugin} cannot notify of ${type.name}, which is another plugin's.`, {
        fields: { plugin, observable: type.name },
      });
    }
    find(type.name)?.notify(canonicalOf(type, selector));
  }
}

function canonicalOf(type: TupleType<unknown>, selector: SelectorValues | undefined): string | undefined {
  return selector === undefined ? undefined : new TupleSelector(type.name, selector).canonical();
}
