import { existsSync } from "node:fs";
import { serviceHome } from "@peek/config";
import type { ServiceName } from "@peek/plugin-base";
import { type ListedToken, parseToken, TokenStore } from "@peek/bus/identity";
import { Command } from "commander";
import { jsonOption, serviceArgument } from "../arguments.ts";
import { expiryTime } from "../expiryTime.ts";
import { printJson, printTable } from "../output.ts";

/** `peek token`: the credentials of services on other machines. */
export function tokenCommand(): Command {
  return new Command("token")
    .description(
      "create, list and revoke the tokens with which services on other machines connect to logic on this machine",
    )
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());
}

interface CreateOptions {
  readonly label?: string;
  readonly expires?: Date;
}

function createCommand(): Command {
  return new Command("create")
    .description("create a token for a service and print it once; logic does not have to be restarted")
    .addArgument(serviceArgument())
    .option("--label <text>", "a label for lists, such as the name of the machine that gets the token")
    .option(
      "--expires <when>",
      "when it expires: after a number of days, 90d, or at the end of a day, 2027-01-31 (UTC)",
      expiryTime,
    )
    .action((service: ServiceName, options: CreateOptions) => {
      warnWithoutLogic();
      const text = logicTokens().create(service, options);
      console.log(text);
      printUsage(service, parseToken(text).id, options.expires);
    });
}

/** Tokens are created on logic's machine: elsewhere, logic would not know them. */
function warnWithoutLogic(): void {
  const { dir } = serviceHome("logic");
  if (existsSync(dir)) return;
  console.error(`peek: logic has no home here yet: creating ${dir}. Is this the machine on which logic runs?`);
}

function printUsage(service: ServiceName, id: string, expires: Date | undefined): void {
  const until = expires === undefined ? "until it is revoked" : `until ${expires.toISOString()}`;
  console.error(
    [
      `peek: this is token ${id} for ${service}, valid ${until}; it cannot be shown again. On ${service}'s machine, run`,
      `  peek config set ${service} dataExchange.token -`,
      "which reads the token from standard input: paste it there, and press Enter.",
    ].join("\n"),
  );
}

function listCommand(): Command {
  return new Command("list")
    .description("list all tokens, without their secrets")
    .addOption(jsonOption())
    .action(({ json }: { readonly json: boolean }) => {
      const tokens = logicTokens().list();
      if (json) printJson(tokens);
      else if (tokens.length === 0) console.log("There are no tokens. Create one with peek token create.");
      else printTokens(tokens);
    });
}

function printTokens(tokens: readonly ListedToken[]): void {
  printTable([
    ["ID", "SERVICE", "LABEL", "CREATED", "EXPIRES", "STATE"],
    ...tokens.map(({ id, service, label, made, expires, state }) => [
      id,
      service,
      label || "-",
      made,
      expires ?? "never",
      state,
    ]),
  ]);
}

function revokeCommand(): Command {
  return new Command("revoke")
    .description("revoke a token at once; services that are connected with it are disconnected")
    .argument("<id>", "the id of the token, as in peek token list")
    .action((id: string) => {
      const { service, label } = logicTokens().revoke(id);
      console.log(`revoked ${id}, for ${service}${label === "" ? "" : ` (${label})`}`);
    });
}

/** The tokens of logic on this machine, which need not be running. */
function logicTokens(): TokenStore {
  return new TokenStore(serviceHome("logic"));
}
