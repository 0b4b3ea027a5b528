import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a generated config.json says; the rest are the defaults, which the first start fills in. */
export interface PeekHomeConfig {
  readonly logging?: { readonly level: "DEBUG" };
  readonly plugin: { readonly enabled: readonly string[]; readonly softwarePath?: string };
}

/** Makes a home for the logic service in a folder that is to be its PEEK_HOME. */
export async function generatePeekHome(peekHome: string, config: PeekHomeConfig): Promise<void> {
  const dir = join(peekHome, "peek-logic-service.home");
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await writeFile(join(dir, "config.json"), JSON.stringify(config), { mode: 0o600 });
}
