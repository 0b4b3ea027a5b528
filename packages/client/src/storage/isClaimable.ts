import type { ActionRecord } from "./StorageBackend.ts";

/**
 * Whether an action without a user belongs to the user of a tab.
 *
 * @param hash The {@link userHash} of that user.
 */
export function isClaimable(action: ActionRecord, hash: string, tab: string): boolean {
  return action.user === undefined && (action.tab === tab || (action.supposed ?? hash) === hash);
}
