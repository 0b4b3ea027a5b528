import type { Logger } from "@peek/plugin-base";
import type { LogThrottle, TaskGroup } from "@peek/kit";
import type { ActionDispatcher } from "../actions/ActionDispatcher.ts";
import type { SubscriptionAdmission } from "../admission/SubscriptionAdmission.ts";
import type { FrameMemoryBudget } from "../frames/FrameMemoryBudget.ts";
import type { LogicClient } from "../logic/LogicClient.ts";

/** The parts of a gateway that all its connections use. */
export interface ConnectionContext {
  readonly logic: LogicClient;
  readonly actions: ActionDispatcher;
  readonly admission: SubscriptionAdmission;
  readonly memory: FrameMemoryBudget;
  /** Awaited when the gateway is closed. */
  readonly tasks: TaskGroup;
  readonly logger: Logger;
  readonly logThrottle: LogThrottle;
  readonly beatMs: number;
}
