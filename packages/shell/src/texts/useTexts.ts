import { useLocale } from "@peek/web/host";
import { english } from "./english.ts";
import { german } from "./german.ts";
import type { Texts } from "./Texts.ts";

const all: Readonly<Record<string, Texts>> = { en: english, de: german };

/** The texts of the shell in the user's language. */
export function useTexts(): Texts {
  return all[useLocale().language] ?? english;
}
