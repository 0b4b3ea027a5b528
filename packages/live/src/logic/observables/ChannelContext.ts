import type { ContextRunner, LogThrottle } from "@peek/kit";
import type { Logger, ObservableProvider, ServiceName } from "@peek/plugin-base";
import type { TupleType } from "@peek/plugin-base/contracts";
import type { z } from "zod";
import type { RingBudget } from "../../channel/RingBudget.ts";
import type { LoadScheduler } from "./LoadScheduler.ts";

/** The parts of an observable that all its channels use. */
export interface ChannelContext {
  readonly type: TupleType<unknown>;
  readonly provider: ObservableProvider<unknown, z.ZodType>;
  /** The services whose browsers may watch it. */
  readonly services: readonly ServiceName[];
  /** Whether the provider decides for each user who may watch. */
  readonly guarded: boolean;
  readonly logger: Logger;
  readonly logThrottle: LogThrottle;
  /** Runs the plugin's code in its own async context. */
  readonly run: ContextRunner;
  readonly scheduler: LoadScheduler;
  readonly budget: RingBudget;
  /** How long one load may take. */
  readonly loadDeadlineMs: number;
  /** How long a channel is kept after its last follower has left. */
  readonly lingerMs: number;
}
