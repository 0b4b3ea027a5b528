import type { Logger } from "@peek/plugin-base";

const nothing = (): void => undefined;

/** A logger for cases that run in the bench's own process, whose standard output is for the tables. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warning: nothing,
  error: nothing,
  critical: nothing,
  isLevelEnabled: () => false,
};
