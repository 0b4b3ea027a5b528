import { Command } from "commander";

/** `peek nats`: the configuration of NATS servers for Peek's services. */
export function natsCommand(): Command {
  return new Command("nats")
    .description("configure NATS servers, which connect services on many machines")
    .addCommand(permissionsCommand());
}

function permissionsCommand(): Command {
  return new Command("permissions")
    .description("print the permissions of each service for the configuration of a NATS server")
    .action(async () => {
      const { natsAuthorization } = await import("@peek/bus/nats");
      console.log(natsAuthorization().trimEnd());
    });
}
