import type { PluginStorage } from "../storage/index.ts";

/** Storage with unknown tables. */
export type AnyStorage = PluginStorage<Record<string, never>>;

/** A connection that a thread may open. */
export interface ThreadConnection extends Disposable {
  /** The settings for {@link OpenThreadStorage}: data that can be sent to a thread. */
  readonly settings: unknown;
}

/** The storage of a plugin for its tasks. */
export interface TaskStorage {
  /** The storage of the plugin itself. */
  readonly own: AnyStorage;
  /** The URL of the module with which a thread opens a storage: its default export is an {@link OpenThreadStorage}. */
  readonly module: string;
  /**
   * Waits until a thread may open a connection, which counts as one of the service until the result is disposed.
   *
   * @throws PeekError `STORAGE_BUSY`; the signal's reason.
   */
  reserve(signal: AbortSignal): Promise<ThreadConnection>;
}

/** Opens a storage in a thread, on one connection that is opened on first use; the caller disposes it. */
export type OpenThreadStorage = (settings: unknown) => AsyncDisposable & { readonly storage: AnyStorage };
