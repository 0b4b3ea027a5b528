import type { PlatformExtension, PluginInfo } from "@peek/loader";
import type { Logger } from "@peek/plugin-base";
import type { ServiceConfig, ServiceHome } from "@peek/config";
import type { ServiceDefinition } from "../ServiceDefinition.ts";

/** The dependencies of every extension. */
export interface ExtensionOptions {
  readonly definition: ServiceDefinition;
  readonly home: ServiceHome;
  readonly config: ServiceConfig;
  readonly getLogger: (name: string) => Logger;
}

/** The context in which an extension is opened. */
export interface OpenContext {
  /** The plugins that are about to be loaded. Others may follow while the service runs. */
  readonly plugins: readonly PluginInfo[];
  /** Fires when the service is to stop. */
  readonly signal: AbortSignal;
}

/**
 * A part of a service that contributes to the platform objects of its plugins.
 *
 * @typeParam Parts The properties that it contributes.
 */
export interface ServiceExtension<Parts extends object = object> extends PlatformExtension<Parts>, AsyncDisposable {
  /** Makes it ready to open scopes for plugins. Called once, before any plugin is loaded. */
  open(context: OpenContext): Promise<void>;
  /** Called once all plugins have been started or have failed. Default: nothing happens. */
  begin?(): void;
  /** Asks browsers to go elsewhere. Called before plugins are stopped. Default: nothing happens. */
  drain?(): Promise<void>;
}
