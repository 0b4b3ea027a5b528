import type { Logger, ObservableProvider, ServiceName } from "@peek/plugin-base";
import type { TupleType } from "@peek/plugin-base/contracts";
import type { z } from "zod";
import type { ContextRunner, LogThrottle } from "@peek/kit";
import type { RingBudget } from "../../channel/RingBudget.ts";
import type { RunQueue } from "./RunQueue.ts";

/** What all channels of an observable have in common. */
export interface ChannelContext {
  readonly type: TupleType<unknown>;
  readonly provider: ObservableProvider<unknown, z.ZodType>;
  /** The services whose browsers may watch it. */
  readonly services: readonly ServiceName[];
  /** Whether it matters who watches. */
  readonly guarded: boolean;
  readonly logger: Logger;
  readonly rateLimit: LogThrottle;
  /** Runs the plugin's code in its own async context. */
  readonly run: ContextRunner;
  readonly queue: RunQueue;
  readonly budget: RingBudget;
  /** How long a run may take; milliseconds. */
  readonly loadDeadlineMs: number;
  /** How long a channel is kept after the last has left; milliseconds. */
  readonly lingerMs: number;
}
