import { join } from "node:path";
import type { Command } from "../Child.ts";
import { generatePeekHome } from "../generate/peekHome.ts";
import { peerScript, serviceBin, type ServiceName } from "../paths.ts";
import type { SuiteContext } from "../Suite.ts";

/** The name by which the tutorial plugin is enabled. */
export const tutorialPlugin = "peek_plugin_tutorial";

/**
 * A service with the tutorial plugin, on an existing home, with the log level of the tutorial. On logic the plugin
 * has a database, on field none.
 */
export async function tutorialService(service: ServiceName, { temp, signal }: SuiteContext): Promise<Command> {
  const peekHome = join(temp, `tutorial-${service}`);
  const config = { logging: { level: "DEBUG" }, plugin: { enabled: [tutorialPlugin] } } as const;
  await generatePeekHome(peekHome, config, service);
  return { args: [serviceBin(service)], env: { PEEK_HOME: peekHome }, signal };
}

/** A script of a peer, with a compile cache like Peek's. */
export function peerProcess(name: string, { temp, signal }: SuiteContext): Command {
  return { args: [peerScript(name)], env: { NODE_COMPILE_CACHE: join(temp, `${name}.cache`) }, signal };
}

/** A Node process that is idle until it is stopped. */
export function idleProcess({ signal }: SuiteContext): Command {
  return { args: ["-e", 'setInterval(() => {}, 1e6); console.log("Ready in 0 ms")'], signal };
}
