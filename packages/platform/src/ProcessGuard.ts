import { syncBuiltinESMExports } from "node:module";
import { PeekError, toError } from "@peek/errors";
import type { PeekService } from "./PeekService.ts";

/**
 * Stands between the plugins and the process they share: errors that nobody caught, process.exit() and the like are laid at
 * the door of the plugin that they come from. What is process-wide here is undone on disposal.
 */
export class ProcessGuard implements Disposable {
  readonly #service: PeekService;
  readonly #onFatal: (error: Error) => void;
  readonly #exit: typeof process.exit;
  readonly #abort: typeof process.abort;
  readonly #kill: typeof process.kill;

  /**
   * @param onFatal Told of an error that cannot be laid at any plugin's door.
   */
  constructor(service: PeekService, onFatal: (error: Error) => void) {
    this.#service = service;
    this.#onFatal = onFatal;
    // oxlint-disable-next-line typescript/unbound-method -- kept to be put back; it is called on the process
    this.#exit = process.exit;
    // oxlint-disable-next-line typescript/unbound-method -- likewise
    this.#abort = process.abort;
    // oxlint-disable-next-line typescript/unbound-method -- likewise
    this.#kill = process.kill;
    process.on("uncaughtException", this.#onUncaught);
    process.on("unhandledRejection", this.#onUncaught);
    process.exit = this.#containExit;
    process.abort = this.#containAbort;
    process.kill = this.#containKill;
    // `import { exit } from "node:process"` is a copy.
    syncBuiltinESMExports();
  }

  [Symbol.dispose](): void {
    process.off("uncaughtException", this.#onUncaught);
    process.off("unhandledRejection", this.#onUncaught);
    process.exit = this.#exit;
    process.abort = this.#abort;
    process.kill = this.#kill;
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
    this.#refusePlugins(`exit(${code ?? ""})`);
    return this.#exit.call(process, code);
  };

  readonly #containAbort = (): never => {
    this.#refusePlugins("abort()");
    return this.#abort.call(process);
  };

  readonly #containKill = (pid: number, signal?: string | number): true => {
    // Of 0 and below, it is for whole groups of processes, this one's among them.
    if (signal !== 0 && (pid === process.pid || pid <= 0)) this.#refusePlugins(`kill(${pid}, ${signal ?? "SIGTERM"})`);
    return this.#kill.call(process, pid, signal);
  };

  #refusePlugins(call: string): void {
    const plugin = this.#service.pluginAtFault(new Error("the stack of the call"));
    if (plugin === undefined) return;
    const error = new PeekError(
      "PLUGIN_CALLED_EXIT",
      `it called process.${call}, which only the service may. Throw an error instead.`,
      { fields: { plugin } },
    );
    // Told as well as thrown, since the plugin may catch it.
    this.#service.reportUncaught(error);
    throw error;
  }
}
