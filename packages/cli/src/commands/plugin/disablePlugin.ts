import { Command } from "commander";
import { configOf, localServices } from "../../LocalService.ts";
import { printJson } from "../../output.ts";
import { noteIfRunning } from "../../running.ts";
import { changeEnabled } from "./changeEnabled.ts";
import { type ChangeOptions, withChangeOptions } from "./ChangeOptions.ts";

/** `peek plugin disable` */
export function disableCommand(): Command {
  return withChangeOptions(new Command("disable"))
    .description("disable a plugin on all services, also while they run")
    .action(async (name: string, options: ChangeOptions) => {
      const { changeEnablement } = await import("./changeEnablement.ts");
      if (!(await changeEnablement("disable", name, options))) disableInFiles(name, options);
    });
}

function disableInFiles(name: string, { service, dryRun, json }: ChangeOptions): void {
  const targets = localServices(service).filter((each) => configOf(each).plugin.enabled.includes(name));
  if (json) printJson({ dryRun, services: targets.map((target) => target.name) });
  for (const target of targets) {
    if (!dryRun) changeEnabled(target, "disable", name);
    if (!json) console.log(`${target.name}: ${name} ${dryRun ? "would be disabled" : "disabled"}`);
    if (!dryRun) noteIfRunning(target);
  }
  if (targets.length === 0 && !json)
    console.log(`${name} is not enabled${service === undefined ? "" : ` on ${service.join(", ")}`}`);
}
