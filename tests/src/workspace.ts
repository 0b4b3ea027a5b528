import { dirname, join } from "node:path";

/** The workspace's folder. */
export const workspaceDir: string = dirname(dirname(import.meta.dirname));

/** The built command of a service, in the workspace. */
export function serviceCommand(service: string): string {
  return join(workspaceDir, "services", service, "bin", `run_peek_${service}_service`);
}
