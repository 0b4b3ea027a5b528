import type { Settings } from "./Settings.ts";
import { languageOf } from "./languageOf.ts";

/** React Aria writes its texts and numbers in this language, rather than in that of the browser. */
const ariaLocale = Symbol.for("react-aria.i18n.locale");

/** Sets theme, density and language of the document. @param site The kind of site; undefined while it is unknown. */
export function applySettings(settings: Settings, site: string | undefined): void {
  const root = document.documentElement;
  const language = languageOf(settings);
  root.lang = language;
  Object.assign(globalThis, { [ariaLocale]: language });
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
