import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Command } from "commander";
import { packageConditions } from "@peek/platform";
import type { ServiceName } from "@peek/plugin-base";
import { serviceArgument } from "../arguments.ts";
import { requireServiceDir } from "../LocalService.ts";

/** `peek run`: runs a service in this process. */
export function runCommand(): Command {
  return new Command("run")
    .description("run a service until SIGINT or SIGTERM, as run_peek_<service>_service does")
    .addArgument(serviceArgument())
    .argument("[arguments...]", "arguments for the service; see peek run <service> -- --help")
    .action(async (name: ServiceName, rest: readonly string[]) => {
      const dir = requireServiceDir(name);
      const fromSource = packageConditions.length > 0;
      const program = join(dir, fromSource ? "src/main.ts" : `bin/run_peek_${name}_service`);
      process.argv = [process.execPath, program, ...rest];
      await import(pathToFileURL(program).href);
    });
}
