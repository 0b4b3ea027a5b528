import type { z } from "zod";
import type { TupleType } from "../contracts/TupleType.ts";
import type { SelectorValues } from "../contracts/TupleSelector.ts";
import type { ObservableProvider } from "./ObservableProvider.ts";

/** An observable that a plugin provides, until it is disposed or the plugin stops. */
export interface ProvidedObservable extends AsyncDisposable {
  /** Loads the watched data again, for data that is not in tables. Default: all selectors. */
  notify(selector?: SelectorValues): void;
  /** Calls `authorize` and `scope` again for all watching users. */
  rightsChanged(): void;
}

/** `platform.observables` on logic: live data for browsers and devices. */
export interface PluginObservables {
  /**
   * Provides the tuples of a type to browsers that watch them by a selector, on the field and office services that expose it.
   *
   * ```ts
   * observables.provide(StringIntTuple, { tables: ["string_int"], load: () => stringInts.all() });
   * ```
   *
   * @throws PeekError `CONTRACT_INVALID` when the type's name does not begin with this plugin's, or the
   *   provider is invalid; `OBSERVABLE_ALREADY_PROVIDED`; `OBSERVABLE_NEEDS_STORAGE` for tables, where plugin_package.json
   *   does not require `storage`.
   */
  provide<T, Input, Selector extends z.ZodType = z.ZodType<SelectorValues>>(
    type: TupleType<T, Input>,
    provider: ObservableProvider<Input, Selector>,
  ): ProvidedObservable;
  /**
   * Loads the watched data of an observable of this plugin again. Nothing happens when it is not provided.
   *
   * @param selector Default: all selectors.
   */
  notify(type: TupleType<unknown>, selector?: SelectorValues): void;
}

/** `platform.observables` on field and office. */
export interface PluginExposedObservables {
  /**
   * Allows the browsers of this service to watch an observable that the plugin provides on logic, until the result is disposed or
   * the plugin stops.
   *
   * @throws PeekError `CONTRACT_INVALID` when the type's name does not begin with this plugin's; `OBSERVABLE_ALREADY_PROVIDED`
   *   when it is already exposed.
   */
  expose(type: TupleType<unknown>): Disposable;
}
