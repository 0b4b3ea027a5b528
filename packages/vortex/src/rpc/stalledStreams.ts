import type { IncomingCall } from "./IncomingCall.ts";
import type { PeerRecord } from "./PeerRecord.ts";

/** How long a stream that nobody reads may keep others waiting; milliseconds. */
export const maxStallMs = 5000;

/**
 * The streams that are to make room for those who wait: whoever has more than its share of the places by streams that it has
 * not taken items from for long loses those that it has not for longest.
 *
 * @param streams All that run.
 * @param waiting For whom calls wait.
 * @param places How many calls may run.
 */
export function stalledStreams(
  streams: Iterable<IncomingCall>,
  waiting: Iterable<PeerRecord>,
  places: number,
): readonly IncomingCall[] {
  const before = performance.now() - maxStallMs;
  const unread = new Map<PeerRecord, IncomingCall[]>();
  for (const call of streams) {
    if (call.stalledSince === undefined || call.stalledSince > before) continue;
    const calls = unread.get(call.peer);
    if (calls === undefined) unread.set(call.peer, [call]);
    else calls.push(call);
  }
  const share = Math.floor(places / new Set([...unread.keys(), ...waiting]).size);
  return [...unread.values()].flatMap((calls) => {
    const longest = calls.toSorted((a, b) => (a.stalledSince ?? 0) - (b.stalledSince ?? 0));
    return longest.slice(0, Math.max(0, calls.length - share));
  });
}
