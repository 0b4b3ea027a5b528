import type { ServiceName } from "@peek/plugin-base";

/** The option of commands that concern some services. */
export interface ServiceOption {
  /** Default: all. */
  readonly service?: readonly ServiceName[];
}
