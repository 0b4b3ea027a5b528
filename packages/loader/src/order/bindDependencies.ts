import { PeekError } from "@peek/errors";
import type { PluginDependency } from "@peek/plugin-base/manifest";
import satisfies from "semver/functions/satisfies.js";
import validRange from "semver/ranges/valid.js";
import type { PluginState } from "../PluginState.ts";

/** The facts about a plugin that another depends on. */
export interface DependencyTarget {
  readonly state: PluginState;
  /** From its manifest; undefined when it could not be resolved. */
  readonly version: string | undefined;
  /** `requiresServices` of its manifest. */
  readonly services: readonly string[];
}

/** The outcome of checking a plugin's dependencies. */
export interface BoundDependencies {
  /** The names of the plugins that it waits for. */
  readonly waitsFor: readonly string[];
  /** Why it cannot run. */
  readonly error: PeekError | undefined;
  /** Warnings for the administrator about its optional dependencies. */
  readonly warnings: readonly string[];
}

/**
 * Checks the declared dependencies of a plugin against the enabled plugins.
 *
 * @param find The enabled plugin of a name.
 */
export function bindDependencies(
  pluginName: string,
  dependencies: readonly PluginDependency[],
  service: string,
  find: (name: string) => DependencyTarget | undefined,
): BoundDependencies {
  const checked = dependencies.map((dependency) => ({
    dependency,
    error: check(pluginName, dependency, service, find(dependency.name)),
  }));
  const refused = checked.filter(({ error }) => error !== undefined);
  return {
    waitsFor: checked.filter(({ error }) => error === undefined).map(({ dependency }) => dependency.name),
    error: refused.find(({ dependency }) => !dependency.optional)?.error,
    // An absent optional dependency is normal; a present one of the wrong version is worth a warning.
    warnings: refused.flatMap(({ dependency, error }) =>
      dependency.optional && error?.code === "DEPENDENCY_VERSION"
        ? [`${error.message} ${pluginName} runs without it.`]
        : [],
    ),
  };
}

function check(
  pluginName: string,
  { name, range }: PluginDependency,
  service: string,
  target: DependencyTarget | undefined,
): PeekError | undefined {
  const fields = { plugin: pluginName, dependency: name, range };
  if (validRange(range) === null) {
    return new PeekError(
      "DEPENDENCY_VERSION",
      `${pluginName} depends on ${name} ${JSON.stringify(range)}, which is not a version range. Write a range such as "^1.2.0" in its plugin_package.json.`,
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
  // A plugin that could not be resolved is present: it blocks its dependants later.
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
      `${pluginName} depends on ${name} ${range}, but version ${target.version} is installed. Install a version in that range.`,
      { fields: { ...fields, version: target.version } },
    );
  }
  return undefined;
}
