import { PeekError } from "@peek/errors";
import { type ResolvedPlugin, resolvePlugin } from "@peek/loader";
import type { PluginPackage } from "@peek/plugin-base/manifest";
import { isPluginName, pluginNameOf, type ServiceName, serviceNames } from "@peek/plugin-base";
import { createServiceHome, editConfigValue, loadConfig } from "@peek/config";
import { Command } from "commander";
import { z } from "zod";
import { jsonOption, servicesOption } from "../arguments.ts";
import { configOf, type LocalService, localServices, sourcesOf } from "../LocalService.ts";
import { printJson, printTable } from "../output.ts";
import { noteIfRunning } from "../running.ts";

interface ServiceOption {
  readonly service?: readonly ServiceName[];
}

interface ListedPlugin {
  readonly name: string;
  readonly version: string | undefined;
  readonly title: string | undefined;
  /** The services for which it has a part. */
  readonly services: readonly string[];
  readonly enabled: readonly string[];
  /** Why it cannot be loaded. */
  readonly error: string | undefined;
}

/** `peek plugin`: the installed plugins, and the services that they are enabled on. */
export function pluginCommand(): Command {
  return new Command("plugin")
    .description("list, enable and disable plugins")
    .addCommand(listCommand())
    .addCommand(enableCommand())
    .addCommand(disableCommand());
}

function listCommand(): Command {
  return new Command("list")
    .description("list all installed or enabled plugins")
    .addOption(servicesOption())
    .addOption(jsonOption())
    .action((options: ServiceOption & { readonly json: boolean }) => {
      const plugins = listPlugins(localServices(options.service));
      if (options.json) printJson(plugins);
      else if (plugins.length === 0) console.log("No plugin is installed or enabled.");
      else printPlugins(plugins);
    });
}

function printPlugins(plugins: readonly ListedPlugin[]): void {
  printTable([
    ["PLUGIN", "VERSION", "RUNS ON", "ENABLED ON", "TITLE"],
    ...plugins.map(({ name, version, services, enabled, title, error }) => [
      name,
      version ?? "-",
      services.join(",") || "-",
      enabled.join(",") || "-",
      error === undefined ? (title ?? "") : `mistake: ${error}`,
    ]),
  ]);
}

function listPlugins(services: readonly LocalService[]): readonly ListedPlugin[] {
  const views = services.map((service) => {
    const config = configOf(service);
    return { service, sources: sourcesOf(service, config), enabled: config.plugin.enabled };
  });
  const installed = views.flatMap(({ sources }) =>
    sources.flatMap((source) => source.packageNames().map(pluginNameOf)),
  );
  const names = new Set([...installed.filter(isPluginName), ...views.flatMap(({ enabled }) => enabled)]);
  return [...names].sort().map((name) => {
    const enabledOn = views.filter((view) => view.enabled.includes(name));
    const found = tryResolve(name, enabledOn.length > 0 ? enabledOn : views);
    return {
      name,
      version: found.plugin?.manifest.plugin.version,
      title: found.plugin?.manifest.plugin.title,
      services: serviceNames.filter((service) => found.plugin?.manifest.requiresServices.includes(service)),
      enabled: enabledOn.map(({ service }) => service.name),
      error: found.error,
    };
  });
}

function tryResolve(
  name: string,
  views: readonly { readonly sources: Parameters<typeof resolvePlugin>[1] }[],
): { readonly plugin?: ResolvedPlugin; readonly error: string | undefined } {
  let error: string | undefined;
  for (const { sources } of views) {
    try {
      return { plugin: resolvePlugin(name, sources), error: undefined };
    } catch (thrown) {
      if (!PeekError.is(thrown)) throw thrown;
      error = thrown.message;
    }
  }
  return { error };
}

function enableCommand(): Command {
  return new Command("enable")
    .description("enable a plugin on all services that it has a part for")
    .argument("<plugin>", "the plugin, such as peek_plugin_tutorial")
    .addOption(servicesOption())
    .action((name: string, options: ServiceOption) => {
      const services = localServices(options.service);
      const targets = options.service === undefined ? runnableServices(name, services) : services;
      for (const service of targets) requireRunnable(name, service);
      for (const service of targets)
        change(service, name, (enabled) => (enabled.includes(name) ? enabled : [...enabled, name]), "enabled");
    });
}

function disableCommand(): Command {
  return new Command("disable")
    .description("disable a plugin on all services")
    .argument("<plugin>", "the plugin, such as peek_plugin_tutorial")
    .addOption(servicesOption())
    .action((name: string, options: ServiceOption) => {
      const targets = localServices(options.service).filter((service) =>
        configOf(service).plugin.enabled.includes(name),
      );
      for (const service of targets)
        change(service, name, (enabled) => enabled.filter((each) => each !== name), "disabled");
      if (targets.length === 0)
        console.log(
          `${name} is not enabled${options.service === undefined ? "" : ` on ${options.service.join(", ")}`}`,
        );
    });
}

function change(
  service: LocalService,
  name: string,
  edit: (enabled: readonly string[]) => readonly string[],
  done: string,
): void {
  const { home } = service;
  createServiceHome(home);
  loadConfig(home.configFile);
  let changed = false;
  editConfigValue(home.configFile, ["plugin", "enabled"], (before) => {
    const enabled = namesIn(before);
    const wanted = edit(enabled);
    changed = wanted.length !== enabled.length;
    return wanted;
  });
  console.log(`${service.name}: ${name} ${changed ? done : `was already ${done}`}`);
  if (changed) noteIfRunning(service);
}

function namesIn(enabled: unknown): readonly string[] {
  return z.array(z.string()).parse(enabled);
}

function manifestFor(name: string, service: LocalService): PluginPackage {
  return resolvePlugin(name, sourcesOf(service, configOf(service))).manifest;
}

/** @throws PeekError when the plugin is not installed for the service, or has no part for it. */
function requireRunnable(name: string, service: LocalService): void {
  if (manifestFor(name, service).requiresServices.includes(service.name)) return;
  throw noPart(name, service.name);
}

function noPart(name: string, where: string): PeekError {
  return new PeekError(
    "PLUGIN_NOT_FOR_SERVICE",
    `${name} has no part for ${where}: its plugin_package.json does not require it. Leave ${where} out.`,
    { fields: { plugin: name } },
  );
}

/** The services for which a plugin is installed and has a part. */
function runnableServices(name: string, services: readonly LocalService[]): readonly LocalService[] {
  const checked = services.map((service) => ({ service, ...tryManifest(name, service) }));
  const runnable = checked.filter(({ service, manifest }) => manifest?.requiresServices.includes(service.name));
  if (runnable.length > 0) return runnable.map(({ service }) => service);
  const found = checked.find(({ manifest }) => manifest !== undefined);
  if (found !== undefined) throw noPart(name, "any service");
  const refusal = checked.find(({ error }) => error !== undefined)?.error;
  if (refusal !== undefined) throw refusal;
  return [];
}

function tryManifest(
  name: string,
  service: LocalService,
): { readonly manifest?: PluginPackage; readonly error?: PeekError } {
  try {
    return { manifest: manifestFor(name, service) };
  } catch (error) {
    if (PeekError.is(error)) return { error };
    throw error;
  }
}
