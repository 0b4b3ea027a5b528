/** How long a stream may be stalled while calls are queued. */
export const maxStallMs = 5000;

/** A running stream, as {@link stalledStreams} judges it. */
export interface JudgedStream<Peer> {
  /** The peer that called it. */
  readonly peer: Peer;
  /** When the peer stopped consuming it, by `performance.now()`; undefined while it consumes. */
  readonly stalledSince: number | undefined;
}

/**
 * Selects the streams to end in favour of queued calls. A peer whose stalled streams take more than its share of the places loses
 * the streams that have been stalled for longest.
 *
 * @param streams All that run.
 * @param waiting The peers that have queued calls.
 * @param places How many calls may run.
 */
export function stalledStreams<Peer, Stream extends JudgedStream<Peer>>(
  streams: Iterable<Stream>,
  waiting: Iterable<Peer>,
  places: number,
): readonly Stream[] {
  const limit = performance.now() - maxStallMs;
  const stalled = new Map<Peer, Stream[]>();
  for (const stream of streams) {
    if (stream.stalledSince === undefined || stream.stalledSince > limit) continue;
    const ofPeer = stalled.get(stream.peer);
    if (ofPeer === undefined) stalled.set(stream.peer, [stream]);
    else ofPeer.push(stream);
  }
  const share = Math.floor(places / new Set([...stalled.keys(), ...waiting]).size);
  return [...stalled.values()].flatMap((ofPeer) => {
    const longestFirst = ofPeer.toSorted((a, b) => (a.stalledSince ?? 0) - (b.stalledSince ?? 0));
    return longestFirst.slice(0, Math.max(0, ofPeer.length - share));
  });
}
