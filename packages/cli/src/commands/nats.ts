import { Command } from "commander";

/** `peek nats`: what NATS servers need to know of Peek's services. */
export function natsCommand(): Command {
  return new Command("nats")
    .description("prepare NATS servers, over which services on many machines can find each other")
    .addCommand(permissionsCommand());
}

function permissionsCommand(): Command {
  return new Command("permissions")
    .description("print the part of a NATS server's configuration that keeps the services apart")
    .action(async () => {
      const { natsAuthorization } = await import("@peek/bus/nats");
      console.log(natsAuthorization().trimEnd());
    });
}
