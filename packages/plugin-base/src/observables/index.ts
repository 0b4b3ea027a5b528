export type { LoadContext, ObservableContext, ObservableProvider } from "./ObservableProvider.ts";
export type { PluginExposedObservables, PluginObservables, ProvidedObservable } from "./PluginObservables.ts";
export type { TableChange } from "./TableChange.ts";
