/**
 * The name of a channel among all of a process.
 *
 * @param selector Its canonical text, which has no line breaks.
 * @param guarded What those who follow it take it for; undefined where that is known.
 */
export function channelKey(selector: string, scope: string, guarded?: boolean): string {
  return guarded === undefined ? `${selector}\n${scope}` : `${selector}\n${guarded}\n${scope}`;
}
