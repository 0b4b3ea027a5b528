import { existsSync } from "node:fs";
// Imported as a whole: an old Node refuses to import a missing name, before this code could print a message.
import module from "node:module";
import { join } from "node:path";
import { insecureModeOf, serviceHome } from "@peek/config/home";
import { switchToOwnerOf } from "@peek/config/owner";
import { PeekError } from "@peek/errors";

/** The oldest Node that Peek runs on, because of AsyncDisposableStack among others. */
const oldestNode = [24, 12] as const;

/**
 * Begins a service's process, before anything large is imported: refuses a Node that is too old, switches to the owner of the
 * home where that is not root, and enables Node's compile cache.
 *
 * @param main Imports the rest, which runs the service.
 */
export async function launch(service: string, main: () => Promise<unknown>): Promise<void> {
  // Without a listener, the signal would open the port of Node's debugger while the rest is imported.
  process.on("SIGUSR1", () => undefined);
  const program = `run_peek_${service}_service`;
  requireNode(program);
  const home = serviceHome(service);
  switchToOwner(home.dir, program);
  // Only in a home that no other account can enter, since Node runs the cached code; and only in an existing one, since Node
  // would create it with other permissions.
  if (existsSync(home.dir) && insecureModeOf(home) === undefined) module.enableCompileCache(join(home.dir, "cache"));
  await main();
}

/** Switches to the account that owns the home; ends the process, with a message, when it cannot. */
function switchToOwner(dir: string, program: string): void {
  try {
    reportOwner(switchToOwnerOf(dir, import.meta.dirname), dir, program);
  } catch (error) {
    if (!PeekError.is(error)) throw error;
    console.error(`${program}: ${error.message}`);
    process.exit(error.exitCode);
  }
}

/** Prints that root has switched to another account. */
export function reportOwner(uid: number | undefined, dir: string, program: string): void {
  if (uid !== undefined)
    console.error(`${program}: continuing as account ${uid} instead of root, since that account owns ${dir}`);
}

/** Ends the process, with a message, when its Node is too old for the rest of a program to be imported. */
export function requireNode(program: string): void {
  const { node } = process.versions;
  if (!isTooOld(node)) return;
  const error = new PeekError(
    "NODE_TOO_OLD",
    `Node ${node} is too old: Peek needs ${oldestNode.join(".")} or later. Put a newer Node first in the PATH.`,
  );
  console.error(`${program}: ${error.message}`);
  process.exit(error.exitCode);
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
}
