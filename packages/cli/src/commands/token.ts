import { existsSync } from "node:fs";
import { serviceHome } from "@peek/config";
import type { ServiceName } from "@peek/plugin-base";
import { type ListedToken, parseToken, TokenStore } from "@peek/bus/identity";
import { Command } from "commander";
import { jsonOption, serviceArgument } from "../arguments.ts";
import { expiryTime } from "../expiryTime.ts";
import { printJson, printTable } from "../output.ts";

/** `peek token`: what services on other machines prove with who they are. */
export function tokenCommand(): Command {
  return new Command("token")
    .description("make, list and revoke the tokens that services on other machines connect with to logic on this one")
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
    .description("make a token for a service and print it, this once; logic need not be started again")
    .addArgument(serviceArgument())
    .option("--label <text>", "what it is called in lists, such as the name of the machine that it is for")
    .option("--expires <when>", "for how many days it is good, 90d, or until which day, 2027-01-31 (UTC)", expiryTime)
    .action((service: ServiceName, options: CreateOptions) => {
      warnWithoutLogic();
      const text = logicTokens().create(service, options);
      console.log(text);
      tellUse(service, parseToken(text).id, options.expires);
    });
}

/** Tokens are made where logic is: elsewhere, they are of use to nobody. */
function warnWithoutLogic(): void {
  const { dir } = serviceHome("logic");
  if (existsSync(dir)) return;
  console.error(`peek: logic has no home here yet: ${dir} is made. Is this the machine on which logic runs?`);
}

function tellUse(service: ServiceName, id: string, expires: Date | undefined): void {
  const until = expires === undefined ? "until it is revoked" : `until ${expires.toISOString()}`;
  console.error(
    [
      `peek: this is token ${id} for ${service}, good ${until}; it cannot be shown again. On ${service}'s machine:`,
      `  peek config set ${service} dataExchange.token -`,
      "which reads it from standard input: paste it there, and press Enter.",
    ].join("\n"),
  );
}

function listCommand(): Command {
  return new Command("list")
    .description("list the tokens there are, without their secrets")
    .addOption(jsonOption())
    .action(({ json }: { readonly json: boolean }) => {
      const tokens = logicTokens().list();
      if (json) printJson(tokens);
      else if (tokens.length === 0) console.log("There is no token. Make one with peek token create.");
      else printTokens(tokens);
    });
}

function printTokens(tokens: readonly ListedToken[]): void {
  printTable([
    ["ID", "SERVICE", "LABEL", "MADE", "EXPIRES", "STATE"],
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
    .description("make a token good for nothing, at once, also for those who are connected with it")
    .argument("<id>", "its id, as in peek token list")
    .action((id: string) => {
      const { service, label } = logicTokens().revoke(id);
      console.log(`revoked ${id}, for ${service}${label === "" ? "" : ` (${label})`}`);
    });
}

/** Those of logic on this machine, whether it runs or not. */
function logicTokens(): TokenStore {
  return new TokenStore(serviceHome("logic"));
}
