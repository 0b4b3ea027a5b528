import { hostname, userInfo } from "node:os";
import { ExitCode, PeekError } from "@peek/errors";
import type { AdminProgress, AdminRequest, AdminResult, PluginAdmin } from "@peek/platform";
import { printableLines } from "../../printable.ts";
import { describeMigration } from "../../storage/describeMigration.ts";
import { interruptible } from "../../storage/interruptible.ts";
import type { ChangeOptions } from "./ChangeOptions.ts";
import { describeOnService } from "./describeOnService.ts";

/** The exit codes of a command, by the outcome of its change. */
const exitCodes: Readonly<Record<AdminResult["outcome"], ExitCode>> = {
  done: ExitCode.ok,
  refused: ExitCode.config,
  reverted: ExitCode.reverted,
  failed: ExitCode.internal,
};

/**
 * Changes a plugin on the running services. It prints the progress on standard error, a line for each service on standard output,
 * and sets the exit code.
 *
 * @returns The result; undefined when it was interrupted.
 */
export async function changeRunning(
  { client }: PluginAdmin,
  change: Pick<
    AdminRequest,
    "kind" | "plugin" | "version" | "allowDowngrade" | "purgeData" | "instances" | "followsFile"
  >,
  { service: services, dryRun, json }: ChangeOptions,
): Promise<AdminResult | undefined> {
  const by = { account: userInfo().username, host: hostname() };
  const request = { ...change, dryRun, by, ...(services !== undefined && { services }) };
  let result: AdminResult | undefined;
  let isCommitting = false;
  await interruptible(async (signal) => {
    try {
      for await (const progress of client.change(request, { signal })) {
        if (progress.type === "committing") isCommitting = true;
        if (progress.type === "result") result = progress.result;
        else if (!json) print(progress);
      }
    } catch (error) {
      if (signal.aborted) throw interrupted(isCommitting);
      if (isCommitting && PeekError.is(error)) throw lost(error);
      throw error;
    }
  });
  if (result === undefined) return undefined;
  process.exitCode = exitCodes[result.outcome];
  if (result.error !== undefined)
    console.error(printableLines(`peek: ${change.kind} ${result.outcome}: ${result.error.message}`));
  return result;
}

function print(progress: Exclude<AdminProgress, { type: "result" }>): void {
  if (progress.type !== "service") {
    console.error(printableLines(`peek: ${sentence(progress)}`));
    return;
  }
  const { instance, migrations = [] } = progress.result;
  console.log(printableLines(describeOnService(progress.result)));
  for (const line of migrations.flatMap((migration) => describeMigration(instance, migration)))
    console.log(printableLines(line));
}

function sentence(progress: Exclude<AdminProgress, { type: "result" | "service" }>): string {
  switch (progress.type) {
    case "waiting":
      return `waits for the ${progress.for}`;
    case "fetching":
      return `getting ${progress.version} on ${progress.instances.join(", ") || "no service"}`;
    case "preparing":
      return `preparing on ${progress.instances.join(", ") || "no service"}`;
    case "committing":
      return "prepared everywhere; making the change now";
    default:
      return `${progress.instance}: ${progress.step}`;
  }
}

function interrupted(isCommitting: boolean): PeekError {
  const what = isCommitting
    ? "The change goes on, and its outcome is not known here."
    : "Logic cancels the change, and nothing is stopped, unless the services had prepared it already.";
  return new PeekError("CALL_CANCELLED", `${what} See peek plugin history.`);
}

function lost({ code, message }: PeekError): PeekError {
  return new PeekError(
    code,
    `${message} The outcome of the change is not known here. See peek status and peek plugin history.`,
  );
}
