import { existsSync } from "node:fs";
import { join } from "node:path";

/** The folder of the bench. */
export const benchDir: string = join(import.meta.dirname, "..");
/** The folder of the workspace. */
export const workspaceDir: string = join(benchDir, "..");

/** The folder whose package.json pins the peers. */
export const peersDir: string = join(benchDir, "peers");

/** The built services that are measured. All services differ only in the plugins' parts that they run. */
export type ServiceName = "logic" | "field" | "worker";

/** A built service's bin. */
export function serviceBin(service: ServiceName): string {
  return join(workspaceDir, "services", service, "bin", `run_peek_${service}_service`);
}

/** The package that every plugin imports. */
export const pluginBaseDir: string = join(workspaceDir, "packages", "plugin-base");

/** A reference program: each platform has to do at least its work. */
export function limitScript(name: string): string {
  return join(benchDir, "children", `${name}.js`);
}

/** A program that runs a peer. */
export function peerScript(name: string): string {
  return join(peersDir, `${name}.js`);
}

/** Whether the services have been built. */
export function peekIsBuilt(): boolean {
  return existsSync(join(workspaceDir, "services", "logic", "bundle", "launch.js"));
}
