import { join } from "node:path";
import type { Command } from "../Child.ts";
import { generatePeekHome } from "../generate/peekHome.ts";
import { logicServiceBin, peerScript } from "../paths.ts";
import type { SuiteContext } from "../Suite.ts";

/** The name by which the tutorial plugin is enabled. */
export const tutorialPlugin = "peek_plugin_tutorial";

/** The logic service with the tutorial plugin, on a home that is there; it logs all, as the tutorial shows it. */
export async function tutorialService({ temp, signal }: SuiteContext): Promise<Command> {
  const peekHome = join(temp, "tutorial");
  await generatePeekHome(peekHome, { logging: { level: "DEBUG" }, plugin: { enabled: [tutorialPlugin] } });
  return { args: [logicServiceBin], env: { PEEK_HOME: peekHome }, signal };
}

/** A script of a peer, with a compile cache as Peek has one. */
export function peerProcess(name: string, { temp, signal }: SuiteContext): Command {
  return { args: [peerScript(name)], env: { NODE_COMPILE_CACHE: join(temp, `${name}.cache`) }, signal };
}

/** A Node process that does nothing, until it is stopped. */
export function idleProcess({ signal }: SuiteContext): Command {
  return { args: ["-e", 'setInterval(() => {}, 1e6); console.log("Ready in 0 ms")'], signal };
}
