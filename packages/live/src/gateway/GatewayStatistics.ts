/** How much a gateway has to do, now. */
export interface GatewayStatistics {
  readonly connections: number;
  readonly subscriptions: number;
  /** How many channels these share. */
  readonly channels: number;
  /** What waits to go out, all in all, but for large frames; bytes. */
  readonly bufferedBytes: number;
  /** What large frames take that are on their way, each counted once however many are sent it; bytes. */
  readonly largeFrameBytes: number;
  /** Subscriptions that are behind, for their connections do not take what is sent. */
  readonly lagging: number;
  /** Actions that have not been answered. */
  readonly actions: number;
}
