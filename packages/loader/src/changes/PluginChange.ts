import type { PeekErrorCode } from "@peek/errors";

/** The kinds of changes. A reload looks the package up again, so that it runs the version that is installed now. */
export type ChangeKind = "reload" | "enable" | "disable";

/** A change of one plugin on one service. */
export interface ChangeRequest {
  readonly kind: ChangeKind;
  /** Its name as in plugin.enabled. */
  readonly plugin: string;
}

/** The steps of a change, in their order. `revert` follows on a failure. */
export type ChangeStep =
  | "plan"
  | "prepare"
  | "suspend"
  | "stop"
  | "load"
  | "start"
  | "resume"
  /** The new generation runs, and is watched for errors. */
  | "probe"
  /** The old version is started again. */
  | "revert";

/** Called when a step of a change begins. */
export type StepListener = (step: ChangeStep) => void;

/** The outcome of a change. */
export type ChangeOutcome =
  | "done"
  /** Nothing has been stopped. */
  | "refused"
  /** The new version failed, and everything is as before: the old version runs again, in a new generation. */
  | "reverted"
  /** The plugin does not run, or the service began to stop. */
  | "failed";

/** One version of a plugin, and the generation that ran it. */
export interface VersionedGeneration {
  /** undefined where the package could not be resolved. */
  readonly version: string | undefined;
  readonly generation: number;
}

/** Why a change was refused, was reverted or failed. */
export interface ChangeError {
  readonly code: PeekErrorCode;
  readonly message: string;
  /** The file and line of the plugin's code that threw: `/srv/plugin/index.js:12`. Absent where it is not known. */
  readonly place?: string;
}

/** The result of a change: data, safe to send or print. */
export interface ChangeResult extends ChangeRequest {
  readonly outcome: ChangeOutcome;
  /** When the change began; ISO 8601, UTC. */
  readonly at: string;
  /** The generation before the change; absent where the plugin was not enabled. */
  readonly from?: VersionedGeneration;
  /** The generation after the change; absent where the plugin is not enabled. */
  readonly to?: VersionedGeneration;
  /** The other plugins that were started, again or for the first time, in this order. */
  readonly restarted: readonly string[];
  /** The other plugins that ran before, and do not run any more. */
  readonly ended: readonly string[];
  /** How long each step took, in milliseconds. */
  readonly durations: Readonly<Partial<Record<ChangeStep, number>>>;
  /** Why it was refused, was reverted or failed. */
  readonly error?: ChangeError;
}
