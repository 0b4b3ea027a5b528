import type { Settings } from "./Settings.ts";
import { languageOf } from "./languageOf.ts";

/** Sets theme, density and language of the document. @param site The kind of site; undefined while it is unknown. */
export function applySettings(settings: Settings, site: string | undefined): void {
  const root = document.documentElement;
  root.lang = languageOf(settings);
  const theme = settings.theme === "system" ? systemTheme() : settings.theme;
  if (theme === undefined) delete root.dataset["theme"];
  else root.dataset["theme"] = theme;
  const automatic = site === "field" ? "touch" : "comfortable";
  root.dataset["density"] = settings.density === "auto" ? automatic : settings.density;
}

/** Light and dark follow by style sheets alone. */
function systemTheme(): "contrast" | undefined {
  return matchMedia("(prefers-contrast: more)").matches ? "contrast" : undefined;
}
