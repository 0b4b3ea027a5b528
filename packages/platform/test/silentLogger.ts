import type { Logger } from "@peek/plugin-base";

const ignore = (): void => undefined;
/** Says nothing. */
export const logger: Logger = {
  debug: ignore,
  info: ignore,
  warning: ignore,
  error: ignore,
  critical: ignore,
  isLevelEnabled: () => false,
};
