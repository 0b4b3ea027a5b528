import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** The workspace that a service's package is a part of (`<workspace>/services/<name>`), if it is not deployed. */
export function workspaceOf(serviceDir: string): string | undefined {
  const parent = dirname(serviceDir);
  const workspace = dirname(parent);
  return basename(parent) === "services" && existsSync(join(workspace, "pnpm-workspace.yaml")) ? workspace : undefined;
}
