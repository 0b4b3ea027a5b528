import { z } from "zod";

/** The languages of the shell. */
export const languages = ["en", "de"] as const;

const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
};

/** The settings of the app on this device. A malformed value of one of them counts as not set. */
export const settingsSchema = z.object({
  theme: z.enum(["system", "light", "dark", "contrast"]).catch("system"),
  /** `auto`: touch on field, comfortable elsewhere. */
  density: z.enum(["auto", "compact", "comfortable", "touch"]).catch("auto"),
  /** Undefined: the browser's. */
  language: z.enum(languages).optional().catch(undefined),
  /** Undefined: the device's. */
  timeZone: z.string().max(100).refine(isTimeZone).optional().catch(undefined),
  hourCycle: z.enum(["h23", "h12"]).catch("h23"),
});

/** Checked settings. */
export type Settings = z.infer<typeof settingsSchema>;
