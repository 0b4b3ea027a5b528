import { type Context, createContext, createElement, type ReactElement, type ReactNode, useContext } from "react";

/** How texts, times and numbers are written. */
export interface Locale {
  /** A language of the app: `en`, `de`. */
  readonly language: string;
  /** `Europe/Berlin`; undefined: the device's. */
  readonly timeZone?: string | undefined;
  /** Whether the time of day has 12 or 24 hours. */
  readonly hourCycle: "h12" | "h23";
}

const LocaleContext: Context<Locale> = createContext<Locale>({ language: "en", hourCycle: "h23" });

/** The props of {@link LocaleProvider}. */
export interface LocaleProviderProps {
  readonly locale: Locale;
  readonly children?: ReactNode;
}

/** Sets how the components below it write texts, times and numbers. */
export function LocaleProvider({ locale, children }: LocaleProviderProps): ReactElement {
  return createElement(LocaleContext.Provider, { value: locale }, children);
}

/** How the user wants texts, times and numbers to be written. */
export function useLocale(): Locale {
  return useContext(LocaleContext);
}
