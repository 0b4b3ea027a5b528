import { languages, type Settings } from "./Settings.ts";

type Language = (typeof languages)[number];

/** The language of the shell: the chosen one, or the first of the browser that the shell has. */
export function languageOf({ language }: Pick<Settings, "language">): Language {
  if (language !== undefined) return language;
  const wanted = navigator.languages.map((each) => each.slice(0, 2));
  return wanted.flatMap((each) => languages.filter((known) => known === each))[0] ?? "en";
}
