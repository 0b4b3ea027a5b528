/**
 * The resources of a plugin: a stack that is released last in, first out.
 *
 * The platform releases resources that were added in load() after unload(), and those added in or after start() after
 * stop(); both also when the hook threw or hung, or the plugin failed. The methods are those of the language's
 * `AsyncDisposableStack`.
 */
export interface PluginDisposables {
  /** Whether everything has been released, so that nothing can be added any more. */
  readonly disposed: boolean;
  /**
   * Adds a disposable value, and returns it.
   *
   * @throws PeekError `PLUGIN_RELEASED` when it is too late; the value has been released by then.
   */
  use<T extends AsyncDisposable | Disposable | null | undefined>(value: T): T;
  /**
   * Adds a value with the function that releases it, and returns the value.
   *
   * @throws PeekError `PLUGIN_RELEASED` when it is too late; the value has been released by then.
   */
  adopt<T>(value: T, onDispose: (value: T) => void | PromiseLike<void>): T;
  /**
   * Adds a function to call at release.
   *
   * @throws PeekError `PLUGIN_RELEASED` when it is too late; the function has been called by then.
   */
  defer(onDispose: () => void | PromiseLike<void>): void;
}
