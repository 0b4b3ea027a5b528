/**
 * The process that runs this one for a developer, and would stop it: when it has ended without doing so, however that
 * was, nobody else would.
 */
export class DevelopmentParent implements Disposable {
  readonly #onGone: () => void;

  constructor(onGone: () => void) {
    this.#onGone = onGone;
    process.on("disconnect", onGone);
    // It may have ended before anybody listened.
    if (process.channel !== undefined && !process.connected) onGone();
    process.channel?.unref();
  }

  [Symbol.dispose](): void {
    process.off("disconnect", this.#onGone);
  }
}
