import { configPath, configValue, createServiceHome, isSecretKey, loadConfig, setConfigValue } from "@peek/config";
import { ExitCode } from "@peek/errors";
import { maskSecrets, redacted } from "@peek/logging";
import { developmentConfig } from "@peek/platform";
import type { ServiceName } from "@peek/plugin-base";
import { Command } from "commander";
import { jsonOption, parseService, serviceArgument } from "../arguments.ts";
import { checkService, type ServiceCheck } from "../checkService.ts";
import { configOf, type LocalService, localServices } from "../LocalService.ts";
import { printJson, printTable } from "../output.ts";
import { checkTokenFor } from "../checkTokenFor.ts";
import { secretArgument } from "../secretArgument.ts";
import { noteIfRunning } from "../running.ts";

/** `peek config`: the services' config.json files. */
export function configCommand(): Command {
  return new Command("config")
    .description("create, check, read and change the config.json of services")
    .addCommand(initCommand())
    .addCommand(checkCommand())
    .addCommand(getCommand())
    .addCommand(setCommand())
    .addCommand(unsetCommand());
}

function initCommand(): Command {
  return new Command("init")
    .description("create the homes and config.json of these services, or of all; existing files are kept")
    .argument("[service...]", "the services", collectService, [])
    .option("--dev", "for development: level DEBUG, all plugins of the workspace enabled", false)
    .addOption(jsonOption())
    .action((names: readonly ServiceName[], options: { readonly dev: boolean; readonly json: boolean }) => {
      const results = localServices(names.length === 0 ? undefined : names).map((service) =>
        init(service, options.dev),
      );
      if (options.json) printJson(results);
      else
        printTable(
          results.map(({ service, configFile, created }) => [service, created ? "created" : "exists", configFile]),
        );
    });
}

function init(
  service: LocalService,
  dev: boolean,
): { readonly service: string; readonly configFile: string; readonly created: boolean } {
  createServiceHome(service.home);
  const initial = dev && service.dir !== undefined ? developmentConfig(service.name, service.dir) : {};
  const { created, notSaved } = loadConfig(service.home.configFile, initial);
  if (notSaved !== undefined) throw notSaved;
  return { service: service.name, configFile: service.home.configFile, created };
}

function checkCommand(): Command {
  return new Command("check")
    .description("check every home on this machine and the manifest of every enabled plugin; nothing is started")
    .addOption(jsonOption())
    .action(async (options: { readonly json: boolean }) => {
      const checks = (await Promise.all(localServices().map(checkService))).filter((check) => check !== undefined);
      if (options.json) printJson(checks);
      else if (checks.length === 0) console.log("No service has a home here. Create them with peek config init.");
      else for (const check of checks) printCheck(check);
      if (checks.some((check) => check.mistakes.length > 0)) process.exitCode = ExitCode.config;
    });
}

function printCheck({ service, configFile, mistakes, warnings, plugins }: ServiceCheck): void {
  const count = mistakes.length;
  const verdict =
    count === 0
      ? `valid, ${plugins} plugin${plugins === 1 ? "" : "s"} to load`
      : `${count} mistake${count === 1 ? "" : "s"}`;
  console.log(`${service}: ${verdict} (${configFile})`);
  for (const mistake of mistakes) console.log(`  mistake: ${mistake.replaceAll("\n", "\n  ")}`);
  for (const warning of warnings) console.log(`  warning: ${warning}`);
}

function getCommand(): Command {
  return new Command("get")
    .description("print the configuration of a service, or one value of it")
    .addArgument(serviceArgument())
    .argument("[key]", "the key of the value, such as logging.level")
    .addOption(jsonOption())
    .option("--show-secrets", "also print passwords and tokens", false)
    .action((name: ServiceName, key: string | undefined, { json, showSecrets }: GetOptions) => {
      const [service] = localServices([name]);
      if (service === undefined) return;
      const config = configOf(service);
      const path = key === undefined ? [] : configPath(key);
      const hide = (name: string, inner: unknown): unknown =>
        !showSecrets && isSecretKey(name) && inner !== undefined ? redacted : inner;
      const value = hide(path.at(-1) ?? "", configValue(config, path));
      const text = typeof value === "string" && !json ? value : JSON.stringify(value ?? null, hide, 2);
      console.log(showSecrets ? text : maskSecrets(text));
    });
}

interface GetOptions {
  readonly json: boolean;
  readonly showSecrets: boolean;
}

function setCommand(): Command {
  return new Command("set")
    .description("change one value in the configuration of a service")
    .addArgument(serviceArgument())
    .argument("<key>", "the key of the value, such as logging.level")
    .argument(
      "<value>",
      'JSON or plain text: DEBUG, 14, true, ["peek_plugin_tutorial"]; - reads the value from standard input',
    )
    .action(async (name: ServiceName, key: string, text: string) => {
      const [service] = localServices([name]);
      if (service === undefined) return;
      init(service, false);
      const value = parseValue(await secretArgument(text));
      if (key === "dataExchange.token") checkTokenFor(name, value);
      setConfigValue(service.home.configFile, configPath(key), value);
      noteIfRunning(service);
    });
}

function unsetCommand(): Command {
  return new Command("unset")
    .description("remove one value from the configuration of a service; the next start uses the default")
    .addArgument(serviceArgument())
    .argument("<key>", "the key of the value, such as storage.connectUrl")
    .action((name: ServiceName, key: string) => {
      const [service] = localServices([name]);
      if (service === undefined) return;
      init(service, false);
      setConfigValue(service.home.configFile, configPath(key), undefined);
      noteIfRunning(service);
    });
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Plain text without quotes, as is usual on a command line.
    return text;
  }
}

function collectService(text: string, before: readonly ServiceName[]): readonly ServiceName[] {
  return [...before, parseService(text)];
}
