import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** The workspace that contains a service's package (`<workspace>/services/<name>`); undefined for a deployed service. */
export function workspaceOf(serviceDir: string): string | undefined {
  const parent = dirname(serviceDir);
  const workspace = dirname(parent);
  return basename(parent) === "services" && existsSync(join(workspace, "pnpm-workspace.yaml")) ? workspace : undefined;
}
