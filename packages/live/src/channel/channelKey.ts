/**
 * The key of a channel among those of a process.
 *
 * @param selector In canonical form, which has no line breaks.
 * @param guarded Whether logic decides for each user, as a gateway believes; undefined on logic.
 */
export function channelKey(selector: string, scope: string, guarded?: boolean): string {
  return guarded === undefined ? `${selector}\n${scope}` : `${selector}\n${guarded}\n${scope}`;
}
