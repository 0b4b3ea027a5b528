import { PeekError } from "@peek/errors";
import { type ResolvedPlugin, resolvePlugin } from "@peek/loader";
import { Command } from "commander";
import { configOf, type LocalService, localServices, sourcesOf } from "../../LocalService.ts";
import { printJson } from "../../output.ts";
import { noteIfRunning } from "../../running.ts";
import { webProblems } from "../../webProblems.ts";
import { changeEnabled } from "./changeEnabled.ts";
import { type ChangeOptions, withChangeOptions } from "./ChangeOptions.ts";

/** `peek plugin enable` */
export function enableCommand(): Command {
  return withChangeOptions(new Command("enable"))
    .description("enable a plugin on all services that it has a part for, also while they run")
    .action(async (name: string, options: ChangeOptions) => {
      const { changeEnablement } = await import("./changeEnablement.ts");
      if (!(await changeEnablement("enable", name, options))) enableInFiles(name, options);
      if (!options.json) await printWebProblems(name, options);
    });
}

/** Prints why pages of an enabled plugin cannot be loaded: the plugin itself runs. */
async function printWebProblems(name: string, { service: wanted }: ChangeOptions): Promise<void> {
  for (const service of localServices(wanted)) {
    const plugin = tryFind(name, service).plugin;
    if (plugin === undefined || !configOf(service).plugin.enabled.includes(name)) continue;
    for (const { message } of await webProblems({ name, ...plugin }, [service.name])) {
      console.log(`${service.name}: warning: ${message}`);
    }
  }
}

function enableInFiles(name: string, { service: wanted, dryRun, json }: ChangeOptions): void {
  const services = localServices(wanted);
  const targets = wanted === undefined ? runnableServices(name, services) : services;
  for (const service of targets) requireRunnable(name, service);
  if (json) printJson({ dryRun, services: targets.map((target) => target.name) });
  for (const service of targets) {
    const changed = dryRun ? !configOf(service).plugin.enabled.includes(name) : changeEnabled(service, "enable", name);
    if (!json)
      console.log(
        `${service.name}: ${name} ${changed ? (dryRun ? "would be enabled" : "enabled") : "was already enabled"}`,
      );
    if (changed && !dryRun) noteIfRunning(service);
  }
}

function find(name: string, service: LocalService): ResolvedPlugin {
  return resolvePlugin(name, sourcesOf(service, configOf(service)));
}

/** @throws PeekError when the plugin is not installed for the service, or has no part for it. */
function requireRunnable(name: string, service: LocalService): void {
  if (find(name, service).manifest.requiresServices.includes(service.name)) return;
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
  const checked = services.map((service) => ({ service, ...tryFind(name, service) }));
  const runnable = checked.filter(({ service, plugin }) => plugin?.manifest.requiresServices.includes(service.name));
  if (runnable.length > 0) return runnable.map(({ service }) => service);
  const found = checked.find(({ plugin }) => plugin !== undefined);
  if (found !== undefined) throw noPart(name, "any service");
  const refusal = checked.find(({ error }) => error !== undefined)?.error;
  if (refusal !== undefined) throw refusal;
  return [];
}

function tryFind(
  name: string,
  service: LocalService,
): { readonly plugin?: ResolvedPlugin; readonly error?: PeekError } {
  try {
    return { plugin: find(name, service) };
  } catch (error) {
    if (PeekError.is(error)) return { error };
    throw error;
  }
}
