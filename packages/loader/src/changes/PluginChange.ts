import type { PeekErrorCode } from "@peek/errors";

/** The kinds of changes. A reload looks the package up again, so that it runs the version that is installed now. */
export type ChangeKind = "reload" | "enable" | "disable";

/** A change of one plugin on one service. */
export interface ChangeRequest {
  readonly kind: ChangeKind;
  /** Its name as in plugin.enabled. */
  readonly plugin: string;
  /**
   * The folder of the version that is to run: an installed version that need not be current yet. Default: the package that the
   * sources find.
   */
  readonly folder?: string;
  /** Whether the migrations of the new version are tried, in transactions that are rolled back. Default: false. */
  readonly rehearse?: boolean;
  /**
   * Whether the change takes back one that failed: then the database need not allow the version, which is to run on its present tables.
   * Default: false.
   */
  readonly isRevert?: boolean;
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

/** A migration that a change would apply. */
export interface PlannedMigration {
  readonly name: string;
  /** Whether it can be undone, so that versions without it may run afterwards. */
  readonly isReversible: boolean;
  /** The statements that it ran when it was tried; empty where it was not. */
  readonly statements: readonly string[];
}

/** A change that has been planned, and whose new code has been imported. Nothing has been stopped. */
export interface PlannedChange {
  /** The version that is to run, or to be disabled; undefined where the package could not be resolved. */
  readonly version: string | undefined;
  /** The services that this version has a part for. */
  readonly services: readonly string[];
  /** The running plugins that the change stops, in this order. */
  readonly stop: readonly string[];
  /** The plugins that it starts, in this order. */
  readonly start: readonly string[];
  /** Those of `stop` that cannot run after it, without the plugin itself. */
  readonly end: readonly string[];
  /** The migrations that this service would apply, in this order. */
  readonly migrations: readonly PlannedMigration[];
}

/**
 * Asked when a change has been prepared. The change goes on when the promise resolves. Where it rejects with a PeekError, the
 * change is refused with that error, and nothing has been stopped. Changes that were added later wait meanwhile.
 */
export type ChangeConfirmation = (change: PlannedChange) => Promise<void>;

/** A change that is being executed. */
export interface RunningChange extends ChangeRequest {
  /** The step that it is in; undefined before the first one. */
  readonly step?: ChangeStep;
  /** When it began; ISO 8601, UTC. */
  readonly at: string;
}

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
