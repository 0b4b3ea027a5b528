import { dirname } from "node:path";

/** The workspace's folder. */
export const workspaceDir: string = dirname(dirname(import.meta.dirname));
