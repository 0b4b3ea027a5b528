import type { ChannelStatistics } from "./channels/ChannelRegistry.ts";

/** The present load of a gateway: data. */
export interface GatewayStatistics extends ChannelStatistics {
  readonly connections: number;
  readonly subscriptions: number;
  /** Subscriptions that are behind, because their connections are congested. */
  readonly lagging: number;
  /** How many bytes wait to be sent, without large frames. */
  readonly bufferedBytes: number;
  /** How many bytes the large frames take that are being sent; each counts once, however many browsers receive it. */
  readonly largeFrameBytes: number;
  /** Actions that were not answered yet. */
  readonly actions: number;
  /** Questions to logic who may watch that were not sent yet. */
  readonly pendingAdmissions: number;
}
