import type { Subscription } from "./Subscription.ts";

/** In which scopes subscriptions watch, of some canonical selectors. */
export function scopesOf(
  subscriptions: readonly Subscription[],
  canonical: readonly string[],
): ReadonlyMap<string, string> {
  const scopes = new Map<string, string>();
  if (canonical.length === 0) return scopes;
  for (const { channel } of subscriptions) {
    const text = channel?.selector.canonical();
    if (channel !== undefined && text !== undefined && canonical.includes(text)) scopes.set(text, channel.scope);
  }
  return scopes;
}
