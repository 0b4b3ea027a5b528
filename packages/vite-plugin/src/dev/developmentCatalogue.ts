import { webApiVersion, webCatalogueSchema } from "@peek/web/protocol";

/** A module that Vite serves. */
export interface DevelopedModule {
  readonly plugin: string;
  /** The path of its entry on the dev server. */
  readonly path: string;
}

/** The catalogue of a user, whose entry of the developed plugin names Vite's module. Another answer of the site stays as it is. */
export function developmentCatalogue(text: string, { plugin, path }: DevelopedModule): string {
  const parsed = webCatalogueSchema.safeParse(jsonOf(text));
  if (!parsed.success) return text;
  const plugins = parsed.data.plugins.map((entry) => {
    if (entry.name !== plugin) return entry;
    const { problem: _built, ...others } = entry;
    // Vite inserts the styles.
    return { ...others, webApi: webApiVersion, hash: "development", module: path, styles: [], parts: [] };
  });
  return JSON.stringify({ ...parsed.data, plugins });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
