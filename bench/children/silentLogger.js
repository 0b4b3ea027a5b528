const nothing = () => undefined;

/** A logger without output. */
export const silentLogger = {
  debug: nothing,
  info: nothing,
  warning: nothing,
  error: nothing,
  critical: nothing,
  isLevelEnabled: () => false,
};
