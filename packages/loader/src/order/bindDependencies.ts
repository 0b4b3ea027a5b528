import { PeekError } from "@peek/errors";
import type { PluginDependency } from "@peek/plugin-base/manifest";
import satisfies from "semver/functions/satisfies.js";
import validRange from "semver/ranges/valid.js";
import type { PluginState } from "../PluginState.ts";

/** What is to be known of a plugin that another depends on. */
export interface DependencyTarget {
  readonly state: PluginState;
  /** From its manifest; undefined when it could not be resolved. */
  readonly version: string | undefined;
  /** `requiresServices` of its manifest. */
  readonly services: readonly string[];
}

/** What came of a plugin's dependencies. */
export interface BoundDependencies {
  /** The names of those that it waits for. */
  readonly waitsFor: readonly string[];
  /** What speaks against running it. */
  readonly error: PeekError | undefined;
  /** What an administrator should hear of its optional dependencies. */
  readonly warnings: readonly string[];
}

/**
 * Holds a plugin's declared dependencies against the plugins that are enabled.
 *
 * @param find The enabled plugin of a name.
 */
export function bindDependencies(
  pluginName: string,
  dependencies: readonly PluginDependency[],
  service: string,
  find: (name: string) => DependencyTarget | undefined,
): BoundDependencies {
  const judged = dependencies.map((dependency) => ({
    dependency,
    error: judge(pluginName, dependency, service, find(dependency.name)),
  }));
  const refused = judged.filter(({ error }) => error !== undefined);
  return {
    waitsFor: judged.filter(({ error }) => error === undefined).map(({ dependency }) => dependency.name),
    error: refused.find(({ dependency }) => !dependency.optional)?.error,
    // That an optional one is not there needs no words; that it is there and will not do, does.
    warnings: refused.flatMap(({ dependency, error }) =>
      dependency.optional && error?.code === "DEPENDENCY_VERSION" ? [`${error.message} It goes on without it.`] : [],
    ),
  };
}

function judge(
  pluginName: string,
  { name, range }: PluginDependency,
  service: string,
  target: DependencyTarget | undefined,
): PeekError | undefined {
  const fields = { plugin: pluginName, dependency: name, range };
  if (validRange(range) === null) {
    return new PeekError(
      "DEPENDENCY_VERSION",
      `${pluginName} depends on ${name} ${JSON.stringify(range)}, which is not a range of versions. Write one such as "^1.2.0" in its plugin_package.json.`,
      { fields },
    );
  }
  if (target === undefined) {
    return new PeekError(
      "DEPENDENCY_MISSING",
      `${pluginName} depends on ${name}, which is not enabled on ${service}. Install it if it is not, and add it to plugin.enabled.`,
      { fields },
    );
  }
  // One that failed to resolve is there: it blocks, when its turn has come.
  if (target.version === undefined) return undefined;
  if (target.state === "skipped") {
    return new PeekError(
      "DEPENDENCY_MISSING",
      `${pluginName} depends on ${name}, which does not run on ${service}: its plugin_package.json requires ${target.services.join(", ")}. Limit the dependency with "services", or make it optional.`,
      { fields },
    );
  }
  if (!satisfies(target.version, range, { includePrerelease: true })) {
    return new PeekError(
      "DEPENDENCY_VERSION",
      `${pluginName} depends on ${name} ${range}, and version ${target.version} is installed. Install a version in that range.`,
      { fields: { ...fields, version: target.version } },
    );
  }
  return undefined;
}
