// A separate process: <base of the homes> create <count> | revoke <id> | watch | read <service> | crowded <token>.
import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import { setImmediate } from "node:timers/promises";
import { serviceHome } from "@peek/config";
import { readLocalToken, TokenStore } from "@peek/bus/identity";
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
      // Not disposed: it must not keep this process running.
      store.onChange(() => undefined);
      return store.verify("").ok ? "accepted" : "watching";
  }
}

/** Verifies a token, then another that it reads from stdin: first when no more files can be opened, then when many can. */
async function crowded(): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const input = createInterface(process.stdin);
  const lines = input[Symbol.asyncIterator]();
  let told = 0;
  let later = "";
  const found = async (): Promise<string> => {
    const verdict = store.verify(later);
    const isKnown = store.verify(argument).ok;
    await setImmediate();
    return `known ${isKnown}, valid ${store.isValid(parseToken(argument).id)}, later ${verdict.ok || verdict.reason}, told ${told}`;
  };
  store.onChange(() => (told += 1));
  say(`known: ${store.verify(argument).ok}`);
  const files = openAll();
  later = String((await lines.next()).value);
  say(`full: ${await found()}`);
  for (const file of files) closeSync(file);
  await lines.next();
  say(`free: ${await found()}`);
  input.close();
  process.stdin.destroy();
}

/** Opens as many files as possible. */
function openAll(): readonly number[] {
  const files: number[] = [];
  try {
    for (;;) files.push(openSync("/dev/null", "r"));
  } catch {
    return files;
  }
}

if (command === "crowded") await crowded();
else process.stdout.write(`${run()}\n`);
