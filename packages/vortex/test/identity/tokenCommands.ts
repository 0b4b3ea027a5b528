// A process of its own: <base of the homes> create <count> | revoke <id> | watch | read <service>.
import { serviceHome } from "@peek/config";
import { readLocalToken, TokenStore } from "@peek/vortex/identity";
import { parseToken } from "../../src/identity/Token.ts";

const [base = "", command = "", argument = ""] = process.argv.slice(2);
const store = new TokenStore(serviceHome("logic", { PEEK_HOME: base }));

function create(count: number): string {
  return Array.from({ length: count }, () => parseToken(store.create("agent")).id).join(" ");
}

function read(): string {
  try {
    return readLocalToken(base, "agent") ?? "none";
  } catch (error) {
    return error instanceof Error ? error.message : "something else was thrown";
  }
}

function run(): string {
  switch (command) {
    case "create":
      return create(Number(argument));
    case "revoke":
      return store.revoke(argument).state;
    case "read":
      return read();
    default:
      // It is left as it is: it must not keep this process from ending.
      store.onChange(() => undefined);
      return store.verify("").ok ? "accepted" : "watching";
  }
}

process.stdout.write(`${run()}\n`);
