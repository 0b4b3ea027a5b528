import type { PluginStorage } from "../storage/index.ts";

/** Storage with whatever tables. */
export type AnyStorage = PluginStorage<Record<string, never>>;

/** A connection that a thread may make. */
export interface ThreadConnection extends Disposable {
  /** How it is made, as {@link OpenThreadStorage} takes it: data that can be sent to a thread. */
  readonly settings: unknown;
}

/** Where the tasks of one plugin find its storage. */
export interface TaskStorage {
  /** What the plugin has itself. */
  readonly own: AnyStorage;
  /** The URL of the module with which a thread opens a storage: its default export is an {@link OpenThreadStorage}. */
  readonly module: string;
  /**
   * Waits until a thread may make a connection; until what is returned is disposed, it counts as one of the service's.
   *
   * @throws PeekError `STORAGE_BUSY`; the signal's reason.
   */
  reserve(signal: AbortSignal): Promise<ThreadConnection>;
}

/** Opens a storage in a thread, on one connection that is made when it is first needed; to be disposed. */
export type OpenThreadStorage = (settings: unknown) => AsyncDisposable & { readonly storage: AnyStorage };
