import { Command } from "commander";
import { servicesOption } from "../../arguments.ts";
import { configOf, localServices } from "../../LocalService.ts";
import { noteIfRunning } from "../../running.ts";
import { changeEnabled, withoutName } from "./changeEnabled.ts";
import type { ServiceOption } from "./ServiceOption.ts";

/** `peek plugin disable` */
export function disableCommand(): Command {
  return new Command("disable")
    .description("disable a plugin on all services")
    .argument("<plugin>", "the plugin, such as peek_plugin_tutorial")
    .addOption(servicesOption())
    .action((name: string, options: ServiceOption) => {
      const targets = localServices(options.service).filter((service) =>
        configOf(service).plugin.enabled.includes(name),
      );
      for (const service of targets) {
        const changed = changeEnabled(service, withoutName(name));
        console.log(`${service.name}: ${name} ${changed ? "disabled" : "was already disabled"}`);
        if (changed) noteIfRunning(service);
      }
      if (targets.length === 0)
        console.log(
          `${name} is not enabled${options.service === undefined ? "" : ` on ${options.service.join(", ")}`}`,
        );
    });
}
