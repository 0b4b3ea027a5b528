import type { Logger } from "@peek/plugin-base";
import type { ChannelSource } from "./proxy/ChannelSource.ts";
import type { LogThrottle, TaskGroup } from "@peek/kit";
import type { ActionDesk } from "./ActionDesk.ts";
import type { BrowserConnection } from "./BrowserConnection.ts";
import type { KernelQueues } from "./KernelQueues.ts";
import type { LargeFrames } from "./LargeFrames.ts";
import type { WatchDesk } from "./WatchDesk.ts";

/** What all connections of a gateway share. */
export interface ConnectionContext {
  readonly source: ChannelSource;
  readonly actions: ActionDesk;
  readonly watches: WatchDesk;
  readonly frames: LargeFrames;
  readonly queues: KernelQueues;
  readonly tasks: TaskGroup;
  readonly logger: Logger;
  readonly rateLimit: LogThrottle;
  readonly beatMs: number;
  onClosed(connection: BrowserConnection): void;
}
