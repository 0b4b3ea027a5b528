import { PeekError } from "@peek/errors";
import type { ServiceName } from "@peek/plugin-base";
import { capitalize } from "../hooks/checkEntryHookClass.ts";
import type { PluginRecord } from "../PluginRecord.ts";

/**
 * Implements `platform.getOtherPluginApi()`.
 *
 * @param consumer The plugin that called it.
 * @param name The plugin whose API it wants.
 * @param optional Whether the call allows that the plugin is absent.
 * @param find The enabled plugin of a name.
 * @throws PeekError `API_NOT_DECLARED`, `API_NOT_PUBLISHED` or `PLUGIN_RELEASED`.
 */
export function otherPluginApi(
  consumer: PluginRecord,
  name: string,
  optional: boolean,
  service: ServiceName,
  find: (name: string) => PluginRecord | undefined,
): unknown {
  if (consumer.live === undefined) {
    throw new PeekError(
      "PLUGIN_RELEASED",
      `${consumer.name} asked for the API of ${name} after it had been stopped. End all work in stop(), and wait for it there.`,
      { fields: { plugin: consumer.name } },
    );
  }
  checkDeclared(consumer, name, optional, service);
  const other = consumer.waitsFor.includes(name) ? find(name) : undefined;
  // A failed plugin stays available while the plugins that require it are being stopped.
  const isGone = optional && other?.isIn("failed", "blocked") === true;
  const instance = isGone ? undefined : other?.live?.instance;
  if (instance === undefined) {
    if (optional) return undefined;
    throw new PeekError(
      "PLUGIN_RELEASED",
      `${consumer.name} asked for the API of ${name}, which is ${find(name)?.state ?? "not enabled"}. See its error in the log.`,
      { fields: { plugin: consumer.name, dependency: name } },
    );
  }
  const property = `published${capitalize(service)}Api`;
  const api: unknown = Reflect.get(instance, property);
  if (api !== undefined && api !== null) return api;
  throw new PeekError(
    "API_NOT_PUBLISHED",
    `${consumer.name} asked for the API of ${name}, which publishes no API on ${service}. Return an API from ${property} of its entry hook.`,
    { fields: { plugin: consumer.name, dependency: name } },
  );
}

function checkDeclared(consumer: PluginRecord, name: string, optional: boolean, service: ServiceName): void {
  const declared = consumer.dependencies.find((dependency) => dependency.name === name);
  if (declared?.optional === optional) return;
  const call = `getOtherPluginApi(${JSON.stringify(name)}${optional ? ", { optional: true }" : ""})`;
  const why =
    declared === undefined
      ? `its plugin_package.json declares no such dependency on ${service}. Add "dependencies": { ${JSON.stringify(name)}: ${optional ? '{ "version": "^1.0.0", "optional": true }' : '"^1.0.0"'} }, with the versions that ${consumer.name} works with`
      : declared.optional
        ? "its plugin_package.json declares the dependency as optional. Pass { optional: true } and handle undefined, or make the dependency required"
        : "its plugin_package.json declares the dependency as required. Remove { optional: true }, or make the dependency optional";
  throw new PeekError("API_NOT_DECLARED", `${consumer.name} called ${call}, but ${why}.`, {
    fields: { plugin: consumer.name, dependency: name },
  });
}
