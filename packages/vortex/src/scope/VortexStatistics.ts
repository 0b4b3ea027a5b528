/** How much is going on: data. */
export interface VortexStatistics {
  /** Calls that peers have not answered, streams among them. */
  readonly pending: number;
  /** Calls that wait for somebody to be called. */
  readonly waiting: number;
  /** Handlers that run. */
  readonly running: number;
  /** Calls that wait for their turn. */
  readonly queued: number;
  /** Streams that are read here. */
  readonly streamsIn: number;
  /** Streams that are served here, those that wait for their turn among them. */
  readonly streamsOut: number;
  /** Deadlines that are measured. */
  readonly deadlines: number;
  /** Contracts that are served. */
  readonly contracts: number;
  /** Payload endpoints. */
  readonly endpoints: number;
  /** Consumers that follow who is connected. */
  readonly presenceFeeds: number;
  /** Texts that were dropped since they were not understood. */
  readonly invalidTexts: number;
}
