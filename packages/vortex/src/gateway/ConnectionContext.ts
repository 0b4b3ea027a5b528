import type { Logger } from "@peek/plugin-base";
import type { ChannelSource } from "../observables/ChannelSource.ts";
import type { RateLimit } from "../RateLimit.ts";
import type { ActionDesk } from "./ActionDesk.ts";
import type { BrowserConnection } from "./BrowserConnection.ts";
import type { KernelQueues } from "./KernelQueues.ts";
import type { LargeFrames } from "./LargeFrames.ts";
import type { Tasks } from "./Tasks.ts";
import type { WatchDesk } from "./WatchDesk.ts";

/** What all connections of a gateway share. */
export interface ConnectionContext {
  readonly source: ChannelSource;
  readonly actions: ActionDesk;
  readonly watches: WatchDesk;
  readonly frames: LargeFrames;
  readonly queues: KernelQueues;
  readonly tasks: Tasks;
  readonly logger: Logger;
  readonly rateLimit: RateLimit;
  readonly beatMs: number;
  onClosed(connection: BrowserConnection): void;
}
