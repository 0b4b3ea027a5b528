const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** Writes the ticks of an axis of times: as precisely as their distance needs. */
export function tickFormat(
  language: string,
  timeZone: string | undefined,
  hourCycle: "h12" | "h23",
): (date: Date, stepMs: number) => string {
  const zone = timeZone === undefined ? {} : { timeZone };
  const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", ...zone });
  const minute = new Intl.DateTimeFormat(language, { timeStyle: "short", hourCycle, ...zone });
  const second = new Intl.DateTimeFormat(language, { timeStyle: "medium", hourCycle, ...zone });
  return (date, stepMs) => {
    if (stepMs >= dayMs) return day.format(date);
    return (stepMs >= minuteMs ? minute : second).format(date);
  };
}
