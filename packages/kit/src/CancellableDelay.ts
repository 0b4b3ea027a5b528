/** A delay that can be cut short. It does not keep the process alive. */
export class CancellableDelay {
  #end: (() => void) | undefined;

  /** Resolves after the time, or when {@link end} is called. One wait at a time. */
  async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#end = undefined;
  }

  /** Cuts the current wait short; does nothing without one. */
  end(): void {
    this.#end?.();
  }
}
