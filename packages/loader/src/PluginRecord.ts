import { PeekError, type PeekErrorCode } from "@peek/errors";
import { maskSecrets } from "@peek/logging";
import type { PluginCommonEntryHookABC } from "@peek/plugin-base";
import type { PluginDependency, PluginPackage } from "@peek/plugin-base/manifest";
import { errorPlace } from "./errorPlace.ts";
import type { EntryHookClass } from "./hooks/checkEntryHookClass.ts";
import type { Cancellable } from "./hooks/withDeadline.ts";
import { ResourceStack, type StackOwner } from "./hooks/ResourceStack.ts";
import type { FingerprintedPlugin } from "./installedPlugin.ts";
import type { PluginGeneration } from "./PluginInfo.ts";
import { isLegalMove, type PluginState } from "./PluginState.ts";
import type { HookName, PluginStatus } from "./PluginStatus.ts";

/** The part of a plugin that exists only while the plugin is in memory. It is forgotten as a whole. */
export interface LivePlugin {
  /** Constructed in `loading`; undefined before. */
  instance: PluginCommonEntryHookABC | undefined;
  /** Fires when the plugin is to stop. */
  readonly abort: AbortController;
  /** Acquired before start(), and while unload() runs. */
  readonly loadStack: ResourceStack;
  /** Acquired from start() until stop() has run. */
  readonly startStack: ResourceStack;
  /** The one of the two that new resources go to. */
  stack: ResourceStack;
  /** The hooks that are still to be called, since their counterparts have succeeded. */
  readonly pendingHooks: Set<"stop" | "unload">;
}

function newLivePlugin(owner: StackOwner): LivePlugin {
  const loadStack = new ResourceStack(owner);
  return {
    instance: undefined,
    abort: new AbortController(),
    loadStack,
    startStack: new ResourceStack(owner),
    stack: loadStack,
    pendingHooks: new Set(),
  };
}

/** Why a plugin does not run: data only, since an error may hold on to the whole plugin. */
export interface PluginFailure {
  readonly code: PeekErrorCode;
  readonly message: string;
  readonly hook: HookName | undefined;
  /** The file and line of the plugin's code that threw, where it is known. */
  readonly place: string | undefined;
}

/** One generation of a plugin on one service: its state, its manifest and its instance. Only the loader keeps it. */
export class PluginRecord {
  readonly name: string;
  /** 1 for the first one of the plugin in this process. */
  readonly generation: number;
  /** Set when resolved. */
  resolved: FingerprintedPlugin | undefined;
  /** The dependencies of its manifest that apply to this service. */
  dependencies: readonly PluginDependency[] = [];
  /** The names of the plugins that it waits for: its dependencies without absent optional ones. */
  waitsFor: readonly string[] = [];
  /** The version in the URLs of its modules; undefined for plain URLs. */
  moduleVersion: string | undefined;
  /** Set when its package has been imported, and exports a hook function for the service. */
  entryHookClass: EntryHookClass | undefined;
  live: LivePlugin | undefined;
  /** Whether a change is ending it: its failure blocks no other plugin then, since these are restarted or ended too. */
  isReplaced = false;
  /** Whether its version is brought back because a later one failed. */
  isBroughtBack = false;
  /** The hook that is running. */
  running: (Cancellable & { readonly hook: HookName }) | undefined;
  /** Resolves when it has failed or is blocked. */
  readonly failedOrBlocked: Promise<void>;
  readonly durations: Partial<Record<HookName, number>> = {};
  #state: PluginState = "configured";
  #since = new Date();
  #failure: PluginFailure | undefined;
  #blockedBy: string | undefined;
  readonly #resolveFailed: () => void;

  constructor(name: string, generation: number) {
    this.name = name;
    this.generation = generation;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.failedOrBlocked = promise;
    this.#resolveFailed = resolve;
  }

  /** Its name in messages: with the generation, where there has been more than one. */
  get title(): string {
    return this.generation === 1 && !this.isReplaced ? this.name : `${this.name} (generation ${this.generation})`;
  }

  /** A new generation of the same version, which is `resolved`: its package is neither looked up nor imported again. */
  successor(generation: number, waitsFor: readonly string[]): PluginRecord {
    const next = new PluginRecord(this.name, generation);
    next.resolved = this.resolved;
    next.dependencies = this.dependencies;
    next.waitsFor = waitsFor;
    next.moduleVersion = this.moduleVersion;
    next.entryHookClass = this.entryHookClass;
    next.moveTo("resolved");
    return next;
  }

  /** Brings it into memory: from now on it may acquire resources. */
  begin(): void {
    this.live = newLivePlugin(this);
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

  /** The facts that extensions get; only read once resolved. */
  get info(): PluginGeneration {
    const { rootDir, manifest } = this.#resolvedPlugin();
    const { name, generation, isBroughtBack } = this;
    return { name, generation, isBroughtBack, rootDir, manifest };
  }

  /** The checked manifest; only read once resolved. */
  get manifest(): PluginPackage {
    return this.#resolvedPlugin().manifest;
  }

  /** The real folder of the package; only read once resolved. */
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
    this.#failure = failureOf(error, hook, this.resolved?.rootDir);
    this.#resolveFailed();
  }

  /** Moves to `blocked`. */
  block(error: PeekError, by: string): void {
    this.moveTo("blocked");
    this.#failure = failureOf(error, undefined, undefined);
    this.#blockedBy = by;
    this.#resolveFailed();
  }

  /** Moves to `skipped`; with an error where an administrator should know. */
  skip(error: PeekError | undefined): void {
    this.moveTo("skipped");
    if (error !== undefined) this.#failure = failureOf(error, undefined, undefined);
  }

  status(): PluginStatus {
    const failure = this.#failure;
    return {
      name: this.name,
      generation: this.generation,
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

  #resolvedPlugin(): FingerprintedPlugin {
    if (this.resolved !== undefined) return this.resolved;
    throw new PeekError("PLUGIN_STATE_ILLEGAL", `${this.name} is ${this.#state} and has not been resolved.`);
  }
}

function failureOf(error: PeekError, hook: HookName | undefined, rootDir: string | undefined): PluginFailure {
  const place = rootDir === undefined ? undefined : errorPlace(error, rootDir);
  return { code: error.code, message: maskSecrets(error.message), hook, place };
}
