import { basename, sep } from "node:path";
import { manifestName, type PluginStatus } from "@peek/loader";
import type { SavedFile } from "./SavedFile.ts";

/** The reaction of a service to a save of files of one plugin. */
export type Reaction = "ignore" | "reload" | "restart";

/** The facts about the plugin whose files were saved. */
export interface SavedPlugin {
  /** Its state in the service. */
  readonly state: PluginStatus["state"];
  /** Whether its manifest names the service now; also true where the manifest has a mistake. */
  readonly hasPart: boolean;
  /** Whether its last reload was refused or has failed, so that another version runs than the one that was saved. */
  readonly isBehind: boolean;
  /** The folder of its migrations. */
  readonly migrationsDir: string | undefined;
  /** Whether other plugins have imported its files: these are not imported anew by a reload. */
  readonly isShared: boolean;
  readonly hasImported: (file: string) => boolean;
}

/** Decides what a service does when files of one of its plugins were saved. */
export function reactionTo(saved: readonly SavedFile[], plugin: SavedPlugin): Reaction {
  const { state, hasPart, isBehind } = plugin;
  if (state === "skipped") return hasPart && saved.some((each) => isRelevant(each, plugin)) ? "reload" : "ignore";
  // A reload would be refused, and the old version would run on.
  if (!hasPart) return "restart";
  if (state === "started" && !isBehind && !saved.some((each) => isRelevant(each, plugin))) return "ignore";
  return plugin.isShared ? "restart" : "reload";
}

function isRelevant({ file, isNewOrGone }: SavedFile, { hasImported, migrationsDir }: SavedPlugin): boolean {
  if (isNewOrGone || basename(file) === manifestName || hasImported(file)) return true;
  return migrationsDir !== undefined && file.startsWith(migrationsDir + sep);
}
