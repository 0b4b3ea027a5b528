import type { Logger, PluginDisposables } from "@peek/plugin-base";
import type { PeekLogicPlatformHook } from "@peek/plugin-base/logic";

const silent = (): void => undefined;
const logger: Logger = {
  debug: silent,
  info: silent,
  warning: silent,
  error: silent,
  critical: silent,
  isLevelEnabled: () => false,
};
const disposables: PluginDisposables = {
  disposed: false,
  use: (value) => value,
  adopt: (value) => value,
  defer: silent,
};

/** The platform hook of a plugin on logic, as far as a hook that does nothing needs it. */
export function stubPlatform(): PeekLogicPlatformHook {
  return {
    serviceName: "logic",
    serviceVersion: "1.0.0",
    packageConfig: {
      plugin: { title: "Plugin A", packageName: "peek_plugin_a", version: "1.0.0" },
      requiresServices: ["logic"],
      dependencies: {},
    },
    dataDir: "/data/peek_plugin_a",
    disposables,
    signal: new AbortController().signal,
    getLogger: () => logger,
    get vortex(): never {
      throw new Error("There are no other services");
    },
    get observables(): never {
      throw new Error("Nobody watches anything");
    },
    get http(): never {
      throw new Error("There is no site");
    },
    getOtherPluginApi: () => {
      throw new Error("There are no other plugins");
    },
  };
}
