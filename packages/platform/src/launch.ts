import { existsSync } from "node:fs";
// As a whole: an old Node refuses to import a name that it does not have, before any of this could speak.
import module from "node:module";
import { join } from "node:path";
import { openToOthers, serviceHome } from "@peek/config/home";
import { becomeOwnerOf } from "@peek/config/owner";
import { PeekError } from "@peek/errors";

/** The oldest Node that has all that Peek uses, such as AsyncDisposableStack. */
const oldestNode = [24, 12] as const;

/**
 * Begins a service's process, before anything large is imported: refuses a Node that is too old, in words, goes on as the
 * owner of the home where that is not root, and lets Node keep what it compiles.
 *
 * @param main Imports the rest, which runs the service.
 */
export async function launch(service: string, main: () => Promise<unknown>): Promise<void> {
  // While the rest is imported, it would open the port of Node's debugger.
  process.on("SIGUSR1", () => undefined);
  const program = `run_peek_${service}_service`;
  requireNode(program);
  const home = serviceHome(service);
  asOwnerOf(home.dir, program);
  // Only in a home that nobody else can enter, since what is kept there is run; and that is there already, since it is
  // not for Node to make it.
  if (existsSync(home.dir) && openToOthers(home) === undefined) module.enableCompileCache(join(home.dir, "cache"));
  await main();
}

/** Goes on as the account that the home belongs to; ends the process, with a message, when it cannot. */
function asOwnerOf(dir: string, program: string): void {
  try {
    tellOfOwner(becomeOwnerOf(dir, import.meta.dirname), dir, program);
  } catch (error) {
    if (!PeekError.is(error)) throw error;
    console.error(`${program}: ${error.message}`);
    process.exit(error.exitCode);
  }
}

/** Says as whom root goes on, if as another. */
export function tellOfOwner(uid: number | undefined, dir: string, program: string): void {
  if (uid !== undefined) console.error(`${program}: root goes on as account ${uid}, whose ${dir} is`);
}

/** Ends the process, with a message, when its Node is too old for the rest of a program to be imported. */
export function requireNode(program: string): void {
  const { node } = process.versions;
  if (!isTooOld(node)) return;
  const error = new PeekError(
    "NODE_TOO_OLD",
    `this is Node ${node}, and Peek needs ${oldestNode.join(".")} or later. Put a newer node first in the PATH.`,
  );
  console.error(`${program}: ${error.message}`);
  process.exit(error.exitCode);
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
}
