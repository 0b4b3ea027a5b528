/**
 * Notices that the parent process has ended, which runs this one for development and would stop it: when the parent ends
 * without doing so, no other process would.
 */
export class ParentExitListener implements Disposable {
  readonly #onExit: () => void;

  constructor(onExit: () => void) {
    this.#onExit = onExit;
    process.on("disconnect", onExit);
    // The parent may have ended before the listener was added.
    if (process.channel !== undefined && !process.connected) onExit();
    process.channel?.unref();
  }

  [Symbol.dispose](): void {
    process.off("disconnect", this.#onExit);
  }
}
