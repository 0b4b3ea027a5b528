import { type KitTexts, kitTextsOf } from "./kitTexts.ts";
import { useLocale } from "./LocaleProvider.ts";

/** The texts of the UI kit in the user's language. */
export function useKitTexts(): KitTexts {
  return kitTextsOf(useLocale().language);
}
