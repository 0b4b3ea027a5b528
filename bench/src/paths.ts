import { existsSync } from "node:fs";
import { join } from "node:path";

const benchDir = join(import.meta.dirname, "..");
const workspaceDir = join(benchDir, "..");

/** The folder whose package.json pins the peers. */
export const peersDir: string = join(benchDir, "peers");

/** The built services that are measured. All services are the same but for the plugins' parts that they run. */
export type ServiceName = "logic" | "field" | "worker";

/** A built service's bin. */
export function serviceBin(service: ServiceName): string {
  return join(workspaceDir, "services", service, "bin", `run_peek_${service}_service`);
}

/** The package that every plugin imports. */
export const pluginBaseDir: string = join(workspaceDir, "packages", "plugin-base");

/** A program that is a limit: what it does, any platform has to do too. */
export function limitScript(name: string): string {
  return join(benchDir, "children", `${name}.js`);
}

/** A program that runs a peer. */
export function peerScript(name: string): string {
  return join(peersDir, `${name}.js`);
}

/** Whether what is measured is there. */
export function peekIsBuilt(): boolean {
  return existsSync(join(workspaceDir, "services", "logic", "bundle", "launch.js"));
}
