import { messageOf, PeekError } from "@peek/errors";
import { type ResolvedPlugin, resolvePlugin } from "@peek/loader";
import { isPluginName, packageNameOf, pluginNameOf, serviceNames } from "@peek/plugin-base";
import { Command } from "commander";
import { jsonOption, servicesOption } from "../../arguments.ts";
import { configOf, type LocalService, localServices, sourcesOf } from "../../LocalService.ts";
import { printJson, printTable } from "../../output.ts";
import { webProblems } from "../../webProblems.ts";
import type { ServiceOption } from "./ServiceOption.ts";
import { softwareFolders } from "./SoftwareFolder.ts";

interface ListedVersion {
  readonly version: string;
  readonly hash: string;
  /** The services that have it. */
  readonly services: readonly string[];
  /** The services that load it. */
  readonly current: readonly string[];
}

interface ListedPlugin {
  readonly name: string;
  readonly version: string | undefined;
  readonly title: string | undefined;
  /** The services for which it has a part. */
  readonly services: readonly string[];
  readonly enabled: readonly string[];
  /** The versions that are installed from archives. */
  readonly installed: readonly ListedVersion[];
  /** Why it cannot be loaded. */
  readonly error: string | undefined;
  /** Why its pages cannot be loaded. */
  readonly webProblems: readonly string[];
}

/** `peek plugin list` */
export function listCommand(): Command {
  return new Command("list")
    .description("list all installed or enabled plugins")
    .addOption(servicesOption())
    .addOption(jsonOption())
    .action(async (options: ServiceOption & { readonly json: boolean }) => {
      const plugins = await listPlugins(localServices(options.service));
      if (options.json) printJson(plugins);
      else if (plugins.length === 0) console.log("No plugin is installed or enabled.");
      else printPlugins(plugins);
    });
}

function printPlugins(plugins: readonly ListedPlugin[]): void {
  const hasArchives = plugins.some(({ installed }) => installed.length > 0);
  printTable([
    ["PLUGIN", "VERSION", "RUNS ON", "ENABLED ON", ...(hasArchives ? ["INSTALLED VERSIONS"] : []), "TITLE"],
    ...plugins.map(({ name, version, services, enabled, installed, title = "", error, webProblems }) => [
      name,
      version ?? "-",
      services.join(",") || "-",
      enabled.join(",") || "-",
      ...(hasArchives ? [installed.map(versionText).join(", ") || "-"] : []),
      error === undefined ? [title, ...webProblems].join("; warning: ") : `mistake: ${error}`,
    ]),
  ]);
}

function versionText({ version, current }: ListedVersion): string {
  return current.length === 0 ? version : `${version} (${current.join(",")})`;
}

async function listPlugins(services: readonly LocalService[]): Promise<readonly ListedPlugin[]> {
  const installedOf = await installedVersionsOf(services);
  const views = services.map((service) => {
    const config = configOf(service);
    return { service, sources: sourcesOf(service, config), enabled: config.plugin.enabled };
  });
  const installed = views.flatMap(({ sources }) =>
    sources.flatMap((source) => source.packageNames().map(pluginNameOf)),
  );
  const names = new Set([...installed.filter(isPluginName), ...views.flatMap(({ enabled }) => enabled)]);
  const listed = [...names].sort().map(async (name) => {
    const enabledOn = views.filter((view) => view.enabled.includes(name));
    const found = tryResolve(name, enabledOn.length > 0 ? enabledOn : views);
    return {
      name,
      version: found.plugin?.manifest.plugin.version,
      title: found.plugin?.manifest.plugin.title,
      services: serviceNames.filter((service) => found.plugin?.manifest.requiresServices.includes(service)),
      enabled: enabledOn.map(({ service }) => service.name),
      installed: installedOf(name),
      error: found.error,
      webProblems: found.plugin === undefined ? [] : (await webProblems({ name, ...found.plugin })).map(messageOf),
    };
  });
  return await Promise.all(listed);
}

async function installedVersionsOf(
  services: readonly LocalService[],
): Promise<(name: string) => readonly ListedVersion[]> {
  const { currentVersion, installedVersions } = await import("@peek/archive");
  const folders = softwareFolders(services);
  return (name) => {
    const found = folders.flatMap(({ dir, services }) => {
      const names = services.map((service) => service.name);
      const current = currentVersion(dir, packageNameOf(name))?.dir;
      return installedVersions(dir, packageNameOf(name)).map(({ version, hash, dir }) => ({
        ...{ version, hash, services: names },
        current: dir === current ? names : [],
      }));
    });
    return [...Map.groupBy(found, ({ version, hash }) => `${version}-${hash}`).values()].flatMap((same) => {
      const [first] = same;
      const of = (key: "services" | "current"): readonly string[] => same.flatMap((each) => each[key]);
      return first === undefined ? [] : [{ ...first, services: of("services"), current: of("current") }];
    });
  };
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
