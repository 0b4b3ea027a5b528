import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServiceName } from "../paths.ts";

/** The keys of a generated config.json; the first start fills in the defaults of the others. */
export interface PeekHomeConfig {
  readonly logging?: { readonly level: "DEBUG" };
  readonly plugin: { readonly enabled: readonly string[]; readonly softwarePath?: string };
  readonly storage?: { readonly connectUrl: string; readonly poolSize?: number };
  readonly httpServer?: Readonly<
    Partial<Record<"admin" | "field" | "dataExchange", { readonly sitePort: number; readonly anonymous?: boolean }>>
  >;
  readonly dataExchange?: { readonly httpPort: number };
}

/** Makes a home for a service in the folder that its PEEK_HOME will name. */
export async function generatePeekHome(
  peekHome: string,
  config: PeekHomeConfig,
  service: ServiceName = "logic",
): Promise<void> {
  const dir = join(peekHome, `peek-${service}-service.home`);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await writeFile(join(dir, "config.json"), JSON.stringify(config), { mode: 0o600 });
}
