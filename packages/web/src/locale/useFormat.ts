import { useMemo } from "react";
import { useLocale } from "./LocaleProvider.ts";

/** Writes times and numbers as the user has set it. */
export interface Format {
  /** `14:03:27`, with the date if it is another day. */
  time(this: void, date: Date): string;
  /** `5 Mar 2026, 14:03:27` */
  dateTime(this: void, date: Date): string;
  /** `1,234.5` */
  number(this: void, value: number, options?: Intl.NumberFormatOptions): string;
}

/** The functions that write times and numbers: the same object until the user changes the settings. */
export function useFormat(): Format {
  const { language, timeZone, hourCycle } = useLocale();
  return useMemo(() => {
    const zone = timeZone === undefined ? {} : { timeZone };
    const time = new Intl.DateTimeFormat(language, { timeStyle: "medium", hourCycle, ...zone });
    const dateTime = new Intl.DateTimeFormat(language, {
      dateStyle: "medium",
      timeStyle: "medium",
      hourCycle,
      ...zone,
    });
    const day = new Intl.DateTimeFormat("en", { dateStyle: "short", ...zone });
    const plain = new Intl.NumberFormat(language);
    return {
      time: (date) => (day.format(date) === day.format(new Date()) ? time : dateTime).format(date),
      dateTime: (date) => dateTime.format(date),
      number: (value, options) =>
        options === undefined ? plain.format(value) : new Intl.NumberFormat(language, options).format(value),
    };
  }, [language, timeZone, hourCycle]);
}
