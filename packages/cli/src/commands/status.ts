import { existsSync } from "node:fs";
import { ExitCode, PeekError } from "@peek/errors";
import { type ObservedService, observeServices } from "@peek/platform";
import type { ServiceName } from "@peek/plugin-base";
import { Command, InvalidArgumentError, Option } from "commander";
import { jsonOption, parseService } from "../arguments.ts";
import { configOf, type LocalService, localServices } from "../LocalService.ts";
import { printJson, printTable } from "../output.ts";
import { printable } from "../printable.ts";
import { packageVersion } from "../packageVersion.ts";
import { driftLines } from "../status/driftLines.ts";
import { differingVersions } from "../status/differingVersions.ts";
import { printLoad } from "../status/printLoad.ts";
import { printStale } from "../status/printStale.ts";
import { pendingRestarts } from "../status/pendingRestarts.ts";
import { commandLogger } from "../commandLogger.ts";
import { printActionUsage } from "../actions/printActionUsage.ts";
import { printTaskStatus } from "../tasks/printTaskStatus.ts";

interface StatusOptions {
  readonly as?: ServiceName;
  readonly timeout: number;
  readonly json: boolean;
}

/** `peek status`: the connected services and the state of their plugins. */
export function statusCommand(): Command {
  return new Command("status")
    .description("show all connected services on all machines, with the state of each plugin")
    .addOption(
      new Option(
        "--as <service>",
        "use the credentials of this service on this machine; default: logic, or else the first service with a home here",
      ).argParser(parseService),
    )
    .addOption(
      new Option("--timeout <seconds>", "how long to wait for the connection, and then for each answer")
        .default(5)
        .argParser(parseSeconds),
    )
    .addOption(jsonOption())
    .action(async ({ as, timeout, json }: StatusOptions) => {
      const service = as === undefined ? firstWithHome() : withHome(as);
      const observed = await observeServices({
        service: service.name,
        home: service.home,
        config: configOf(service),
        version: packageVersion(),
        timeoutMs: timeout * 1000,
        logger: commandLogger,
      });
      if (json) printJson(observed);
      else printServices(observed);
      if (observed.some(({ status }) => status === undefined)) process.exitCode = ExitCode.unavailable;
    });
}

function printServices(observed: readonly ObservedService[]): void {
  if (observed.length === 0) {
    console.log("No service is connected.");
    return;
  }
  const heads = ["SERVICE", "INSTANCE", "VERSION", "CONNECTED SINCE", "ADDRESS", "PLUGIN", "VERSION", "STATE"];
  printTable([heads, ...observed.flatMap(rowsOf)]);
  printLoad(observed);
  printTaskStatus(observed);
  printActionUsage(observed);
  printStale(observed);
  for (const { peer, status } of observed) {
    if (status?.change !== undefined) console.log(`\n${printable(changeLine(peer.instance, status.change))}`);
  }
  const warnings = [...differingVersions(observed), ...pendingRestarts(observed), ...driftLines(observed)];
  if (warnings.length > 0) console.log(`\n${warnings.map((warning) => `WARNING: ${printable(warning)}`).join("\n")}`);
}

function changeLine(
  instance: string,
  { kind, plugin, step = "waiting", at }: NonNullable<NonNullable<ObservedService["status"]>["change"]>,
): string {
  return `CHANGE: ${instance}: ${kind} of ${plugin}, step ${step}, since ${at.slice(0, 19)}`;
}

/** A row for each plugin; the first one also has the columns of the service. */
function rowsOf({ peer, status, error }: ObservedService): readonly (readonly string[])[] {
  const service = [peer.service, peer.instance, peer.version, peer.connectedSince.slice(0, 19), peer.address];
  if (error !== undefined) return [[...service, "-", "-", `no answer: ${error.message}`]];
  const plugins = (status?.plugins ?? []).map(
    ({ name, version, generation = 1, state: bare, error: failure, blockedBy }) => {
      const state = generation > 1 ? `${bare} (${generation})` : bare;
      const why = failure === undefined ? "" : `: ${failure.code}, ${failure.message}`;
      return [name, version ?? "-", blockedBy === undefined ? state + why : `${state} by ${blockedBy}`];
    },
  );
  const [first = ["-", "-", "no plugin"], ...others] = plugins;
  return [[...service, ...first], ...others.map((plugin) => [...service.map(() => ""), ...plugin])];
}

function firstWithHome(): LocalService {
  const found = localServices().find(hasHome);
  if (found !== undefined) return found;
  throw new PeekError(
    "SERVICE_NOT_FOUND",
    "No service has a home on this machine, and thus no credentials. Run the command where a service has one, or set PEEK_HOME.",
  );
}

function withHome(name: ServiceName): LocalService {
  const found = localServices([name]).find(hasHome);
  if (found !== undefined) return found;
  throw new PeekError("SERVICE_NOT_FOUND", `The ${name} service has no home on this machine. Name another with --as.`, {
    fields: { service: name },
  });
}

function hasHome({ home }: LocalService): boolean {
  return existsSync(home.configFile);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError("Expected a number of seconds, at most 3600.");
}
