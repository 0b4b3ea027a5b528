import { PeekError } from "@peek/errors";
import { type AdminResult, type ObservedService, observeServices } from "@peek/platform";
import { commandLogger } from "../../commandLogger.ts";
import { configOf, localServices } from "../../LocalService.ts";
import { printJson } from "../../output.ts";
import { packageVersion } from "../../packageVersion.ts";
import { printable } from "../../printable.ts";
import type { ChangeOptions } from "./ChangeOptions.ts";
import { changeRunning } from "./changeRunning.ts";
import { type ApplyStep, planApply } from "./planApply.ts";
import { requirePluginAdmin } from "./pluginAdmin.ts";

/** How long to wait for the connection, and for the answer of each service, in milliseconds. */
const timeoutMs = 10_000;

/** Has the running services follow their config.json files. After a change that does not succeed, no further one is made. */
export async function applyFiles(options: ChangeOptions): Promise<void> {
  const { dryRun, json } = options;
  await using admin = await requirePluginAdmin(
    "nothing can be applied; a service follows its config.json when it starts",
  );
  const steps = planApply(await observe(options));
  const results: AdminResult[] = [];
  for (const step of dryRun ? [] : steps) {
    const result = await changeRunning(admin, { ...step, followsFile: true }, options);
    // It was interrupted.
    if (result === undefined) return;
    results.push(result);
    if (result.outcome !== "done") break;
  }
  const isWhole = results.every(({ outcome }) => outcome === "done");
  const left = dryRun ? steps : steps.slice(results.length);
  if (json) printJson({ dryRun, changes: results, left });
  else if (steps.length === 0) console.log("The services run the plugins of their config.json files.");
  else if (dryRun) for (const step of steps) console.log(printable(`would ${describe(step)}`));
  else if (!isWhole) reportLeft(left);
}

/** @throws PeekError when a service does not answer, or cannot read its config.json. */
async function observe({ service: wanted }: ChangeOptions): Promise<readonly ObservedService[]> {
  const [logic] = localServices(["logic"]);
  if (logic === undefined) return [];
  const { name: service, home } = logic;
  const options = {
    service,
    home,
    config: configOf(logic),
    version: packageVersion(),
    timeoutMs,
    logger: commandLogger,
  };
  const all = await observeServices(options);
  const observed = all.filter(({ peer }) => wanted?.includes(peer.service) !== false);
  for (const { peer, status, error } of observed) {
    if (error !== undefined) throw new PeekError("VORTEX_NOBODY", `${peer.instance} did not answer: ${error.message}`);
    const problem = status?.drift?.problem;
    if (problem !== undefined) throw new PeekError("CONFIG_INVALID", `${peer.instance}: ${problem}`);
  }
  return observed;
}

function reportLeft(left: readonly ApplyStep[]): void {
  console.error(
    "peek: the changes before this one stay, and config.json is as it was. Correct the mistake, and apply again.",
  );
  for (const step of left) console.error(printable(`peek: not made: ${describe(step)}`));
}

function describe({ kind, plugin, instances }: ApplyStep): string {
  return `${kind} ${plugin} on ${instances.join(", ")}`;
}
