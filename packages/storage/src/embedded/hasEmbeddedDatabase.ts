import { hasData } from "./DataFolder.ts";
import { embeddedLayout } from "./EmbeddedLayout.ts";

/** Whether an embedded database has been made in a folder, running or not. */
export function hasEmbeddedDatabase(dir: string): boolean {
  return hasData(embeddedLayout(dir));
}
