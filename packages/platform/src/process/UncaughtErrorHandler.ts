import { toError } from "@peek/errors";

/** The dependencies of an {@link UncaughtErrorHandler}. */
export interface UncaughtErrorHandlerOptions {
  /** Makes the plugin fail that caused the error; returns whether such a plugin is known. */
  readonly reportUncaught: (error: Error) => boolean;
  /** Called with an error that is not attributed to any plugin. */
  readonly onFatal: (error: Error) => void;
}

/** Attributes uncaught errors and unhandled rejections of the process to plugins. Undone on disposal. */
export class UncaughtErrorHandler implements Disposable {
  readonly #options: UncaughtErrorHandlerOptions;

  constructor(options: UncaughtErrorHandlerOptions) {
    this.#options = options;
    process.on("uncaughtException", this.#handle);
    process.on("unhandledRejection", this.#handle);
  }

  [Symbol.dispose](): void {
    process.off("uncaughtException", this.#handle);
    process.off("unhandledRejection", this.#handle);
  }

  readonly #handle = (thrown: unknown): void => {
    // An error that is thrown in here would end the process at once, with nothing stopped.
    try {
      const error = toError(thrown);
      if (!this.#options.reportUncaught(error)) this.#options.onFatal(error);
    } catch (second) {
      this.#options.onFatal(toError(second));
    }
  };
}
