import { PeekError, type PeekErrorCode } from "@peek/errors";
import { maskSecrets } from "@peek/logging";
import type { PluginCommonEntryHookABC } from "@peek/plugin-base";
import type { PluginDependency, PluginPackage } from "@peek/plugin-base/manifest";
import type { Cancellable } from "./hooks/withDeadline.ts";
import type { ResourceStack } from "./hooks/ResourceStack.ts";
import type { MarkedPlugin } from "./installed.ts";
import { isLegalMove, type PluginState } from "./PluginState.ts";
import type { HookName, PluginStatus } from "./PluginStatus.ts";

/** What there is of a plugin only while it is in memory. Forgotten as a whole. */
export interface LivePlugin {
  /** Constructed in `loading`; undefined before. */
  instance: PluginCommonEntryHookABC | undefined;
  /** Fires when the plugin is to stop. */
  readonly abort: AbortController;
  /** Acquired before start(), and while unload() runs. */
  readonly loadStack: ResourceStack;
  /** Acquired from start() until stop() has run. */
  readonly startStack: ResourceStack;
  /** Which of the two is added to now. */
  stack: ResourceStack;
  /** The hooks that are still to be called, since their counterparts have succeeded. */
  readonly owed: Set<"stop" | "unload">;
}

/** Why a plugin does not run: data only, since an error may hold on to the whole plugin. */
export interface PluginFailure {
  readonly code: PeekErrorCode;
  readonly message: string;
  readonly hook: HookName | undefined;
}

/** One plugin on one service: where it is in its life, and what is known of it. Kept by the loader alone. */
export class PluginRecord {
  readonly name: string;
  /** Set when resolved. */
  resolved: MarkedPlugin | undefined;
  /** Those of the manifest's dependencies that count on this service. */
  dependencies: readonly PluginDependency[] = [];
  /** The names of the plugins that it waits for: all it depends on, less optional ones that are not there. */
  waitsFor: readonly string[] = [];
  live: LivePlugin | undefined;
  /** The hook that is running. */
  running: (Cancellable & { readonly hook: HookName }) | undefined;
  /** Resolves when it has failed or is blocked. */
  readonly ended: Promise<void>;
  readonly durations: Partial<Record<HookName, number>> = {};
  #state: PluginState = "configured";
  #since = new Date();
  #failure: PluginFailure | undefined;
  #blockedBy: string | undefined;
  readonly #onEnd: () => void;

  constructor(name: string) {
    this.name = name;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#onEnd = resolve;
  }

  get state(): PluginState {
    return this.#state;
  }

  /** Whether it is in one of these states. A call, since the state may change behind any await. */
  isIn(...states: readonly PluginState[]): boolean {
    return states.includes(this.#state);
  }

  get failure(): PluginFailure | undefined {
    return this.#failure;
  }

  /** The checked manifest; only asked for once resolved. */
  get manifest(): PluginPackage {
    return this.#resolvedPlugin().manifest;
  }

  /** The real folder of the package; only asked for once resolved. */
  get rootDir(): string {
    return this.#resolvedPlugin().rootDir;
  }

  /** @throws PeekError `PLUGIN_STATE_ILLEGAL` */
  moveTo(state: PluginState): void {
    if (!isLegalMove(this.#state, state)) {
      throw new PeekError("PLUGIN_STATE_ILLEGAL", `${this.name} cannot go from ${this.#state} to ${state}.`, {
        fields: { plugin: this.name, from: this.#state, to: state },
      });
    }
    this.#state = state;
    this.#since = new Date();
  }

  /** Moves to `failed`. */
  fail(error: PeekError, hook: HookName | undefined): void {
    this.moveTo("failed");
    this.#failure = failureOf(error, hook);
    this.#onEnd();
  }

  /** Moves to `blocked`. */
  block(error: PeekError, by: string): void {
    this.moveTo("blocked");
    this.#failure = failureOf(error, undefined);
    this.#blockedBy = by;
    this.#onEnd();
  }

  /** Moves to `skipped`; with an error where somebody has to be told. */
  skip(error: PeekError | undefined): void {
    this.moveTo("skipped");
    if (error !== undefined) this.#failure = failureOf(error, undefined);
  }

  status(): PluginStatus {
    const failure = this.#failure;
    return {
      name: this.name,
      state: this.#state,
      since: this.#since.toISOString(),
      ...(this.resolved && {
        title: this.resolved.manifest.plugin.title,
        version: this.resolved.manifest.plugin.version,
        rootDir: this.resolved.rootDir,
        source: this.resolved.source,
      }),
      durations: { ...this.durations },
      ...(failure && {
        error: {
          code: failure.code,
          message: failure.message,
          ...(failure.hook && { hook: failure.hook }),
        },
      }),
      ...(this.#blockedBy !== undefined && { blockedBy: this.#blockedBy }),
    };
  }

  #resolvedPlugin(): MarkedPlugin {
    if (this.resolved !== undefined) return this.resolved;
    throw new PeekError("PLUGIN_STATE_ILLEGAL", `${this.name} is ${this.#state} and has not been resolved.`);
  }
}

function failureOf({ code, message }: PeekError, hook: HookName | undefined): PluginFailure {
  return { code, message: maskSecrets(message), hook };
}
