/** The present counts of a Vortex. */
export interface VortexStatistics {
  /** Sent calls that peers have not answered, streams included. */
  readonly pending: number;
  /** Calls and payloads that wait for a peer. */
  readonly waiting: number;
  /** Running handlers of contracts. */
  readonly running: number;
  /** Received calls that are queued, or wait for a suspended plugin. */
  readonly queued: number;
  /** Streams that are consumed here. */
  readonly streamsIn: number;
  /** Streams that are served here, queued ones included. */
  readonly streamsOut: number;
  /** Running timers, most of them deadlines. */
  readonly timers: number;
  /** Served contracts. */
  readonly contracts: number;
  /** Payload endpoints. */
  readonly endpoints: number;
  /** Open feeds of presence changes. */
  readonly presenceFeeds: number;
  /** Received frames that were invalid, since the start. */
  readonly invalidFrames: number;
}
