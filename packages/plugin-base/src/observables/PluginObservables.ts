import type { z } from "zod";
import type { TupleType } from "../contracts/TupleType.ts";
import type { SelectorValues } from "../contracts/TupleSelector.ts";
import type { ObservableProvider } from "./ObservableProvider.ts";

/** An observable that a plugin provides, until it is disposed or the plugin stops. */
export interface ProvidedObservable extends AsyncDisposable {
  /** Has what is watched loaded again: for data that is not in tables. Default: all selectors. */
  notify(selector?: SelectorValues): void;
  /** Has `authorize` and `scope` asked again for everybody who watches. */
  rightsChanged(): void;
}

/** `platform.observables` on logic: live data for browsers and devices. */
export interface PluginObservables {
  /**
   * Provides the tuples of a type to those who watch them by a selector, in browsers of the field and office services that
   * expose it.
   *
   * ```ts
   * observables.provide(StringIntTuple, { tables: ["string_int"], load: () => stringInts.all() });
   * ```
   *
   * @throws PeekError `CONTRACT_INVALID` when the type's name does not begin with this plugin's, or something of the provider
   *   is not as it should be; `OBSERVABLE_ALREADY_PROVIDED`; `OBSERVABLE_NEEDS_STORAGE` for tables, where plugin_package.json
   *   does not require `storage`.
   */
  provide<T, Input, Selector extends z.ZodType = z.ZodType<SelectorValues>>(
    type: TupleType<T, Input>,
    provider: ObservableProvider<Input, Selector>,
  ): ProvidedObservable;
  /**
   * Has what is watched of an observable of this plugin loaded again. Nothing happens when it is not provided.
   *
   * @param selector Default: all selectors.
   */
  notify(type: TupleType<unknown>, selector?: SelectorValues): void;
}

/** `platform.observables` on field and office. */
export interface PluginExposedObservables {
  /**
   * Lets the browsers of this service watch an observable that the plugin provides on logic, until it is disposed or the
   * plugin stops.
   *
   * @throws PeekError `CONTRACT_INVALID` when the type's name does not begin with this plugin's; `OBSERVABLE_ALREADY_PROVIDED`
   *   when it is exposed already.
   */
  expose(type: TupleType<unknown>): Disposable;
}
