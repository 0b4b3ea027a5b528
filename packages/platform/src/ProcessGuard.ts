import { syncBuiltinESMExports } from "node:module";
import { PeekError, toError } from "@peek/errors";
import type { PeekService } from "./PeekService.ts";

/**
 * Stands between the plugins and the process they share: errors that nobody caught, and process.exit(), are laid at
 * the door of the plugin that they come from. What is process-wide here is undone on disposal.
 */
export class ProcessGuard implements Disposable {
  readonly #service: PeekService;
  readonly #onFatal: (error: Error) => void;
  readonly #exit: typeof process.exit;

  /**
   * @param onFatal Told of an error that cannot be laid at any plugin's door.
   */
  constructor(service: PeekService, onFatal: (error: Error) => void) {
    this.#service = service;
    this.#onFatal = onFatal;
    // oxlint-disable-next-line typescript/unbound-method -- kept to be put back; it is called on the process
    this.#exit = process.exit;
    process.on("uncaughtException", this.#onUncaught);
    process.on("unhandledRejection", this.#onUncaught);
    process.exit = this.#containExit;
    // `import { exit } from "node:process"` is a copy.
    syncBuiltinESMExports();
  }

  [Symbol.dispose](): void {
    process.off("uncaughtException", this.#onUncaught);
    process.off("unhandledRejection", this.#onUncaught);
    process.exit = this.#exit;
    syncBuiltinESMExports();
  }

  readonly #onUncaught = (thrown: unknown): void => {
    // What is thrown in here would end the process at once, with nothing stopped.
    try {
      const error = toError(thrown);
      if (!this.#service.reportUncaught(error)) this.#onFatal(error);
    } catch (second) {
      this.#onFatal(toError(second));
    }
  };

  readonly #containExit = (code?: number | string | null): never => {
    const plugin = this.#service.pluginAtFault(new Error("the stack of the call"));
    if (plugin === undefined) return this.#exit.call(process, code);
    const error = new PeekError(
      "PLUGIN_CALLED_EXIT",
      `it called process.exit(${code ?? ""}), which only the service may. Throw an error instead.`,
      { fields: { plugin } },
    );
    // Told as well as thrown, since the plugin may catch it.
    this.#service.reportUncaught(error);
    throw error;
  };
}
