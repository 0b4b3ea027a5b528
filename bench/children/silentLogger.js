const nothing = () => undefined;

/** A logger for who has nothing to say. */
export const silentLogger = {
  debug: nothing,
  info: nothing,
  warning: nothing,
  error: nothing,
  critical: nothing,
  isLevelEnabled: () => false,
};
