import type { Subscription } from "../channels/Subscription.ts";

/** The scopes of a browser's subscriptions, by canonical selector. @param selectors Only these. */
export function scopesOf(
  subscriptions: readonly Subscription[],
  selectors: readonly string[],
): ReadonlyMap<string, string> {
  const scopes = new Map<string, string>();
  if (selectors.length === 0) return scopes;
  for (const { channel } of subscriptions) {
    const selector = channel?.selector.canonical();
    if (channel !== undefined && selector !== undefined && selectors.includes(selector)) {
      scopes.set(selector, channel.scope);
    }
  }
  return scopes;
}
