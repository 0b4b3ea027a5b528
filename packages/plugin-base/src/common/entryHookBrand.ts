import type { ServiceName } from "./services.ts";

/**
 * The version of the API between platform and plugins: the abstract classes, the platform interfaces and the manifest. The first number changes when an existing plugin would break, the second when something is added.
 */
export const PLUGIN_API_VERSION = "1.0";

/**
 * The key under which every abstract entry hook class carries its {@link EntryHookBrand}.
 *
 * A registered symbol and not `instanceof`, because a plugin may be installed with its own copy of this package:
 * the classes are different objects then, and the symbol is still the same.
 */
export const ENTRY_HOOK_BRAND: unique symbol = Symbol.for("peek.plugin-base.entry-hook");

/** The mark on a plugin's class, which the platform checks before it constructs the class. */
export interface EntryHookBrand {
  /** The service whose abstract class it extends. */
  readonly service: ServiceName;
  /** {@link PLUGIN_API_VERSION} of the plugin-base that the plugin imports. */
  readonly apiVersion: string;
}
