const modulePath = /\/peek\/web\/modules\/(peek_[a-z0-9_]+)\//;

/** The plugin whose module is the first one in a stack trace, or in a URL; undefined if there is none. */
export function pluginInStack(text: string | undefined): string | undefined {
  return text === undefined ? undefined : modulePath.exec(text)?.[1];
}
