import { syncBuiltinESMExports } from "node:module";
import { PeekError } from "@peek/errors";

/** The dependencies of an {@link ExitGuard}. */
export interface ExitGuardOptions {
  /** The plugin whose code is running, by the stack of an error that is made there. */
  readonly pluginAtFault: (error: Error) => string | undefined;
  /** Makes the plugin fail that caused the error. */
  readonly reportUncaught: (error: Error) => unknown;
}

/**
 * Prevents plugins from ending the process: process.exit(), process.abort() and process.kill() of the own process make the
 * calling plugin fail. Undone on disposal.
 */
export class ExitGuard implements Disposable {
  readonly #options: ExitGuardOptions;
  readonly #exit: typeof process.exit;
  readonly #abort: typeof process.abort;
  readonly #kill: typeof process.kill;

  constructor(options: ExitGuardOptions) {
    this.#options = options;
    // oxlint-disable-next-line typescript/unbound-method -- kept to be restored; it is called on the process
    this.#exit = process.exit;
    // oxlint-disable-next-line typescript/unbound-method -- likewise
    this.#abort = process.abort;
    // oxlint-disable-next-line typescript/unbound-method -- likewise
    this.#kill = process.kill;
    process.exit = this.#guardedExit;
    process.abort = this.#guardedAbort;
    process.kill = this.#guardedKill;
    // `import { exit } from "node:process"` is a copy.
    syncBuiltinESMExports();
  }

  [Symbol.dispose](): void {
    process.exit = this.#exit;
    process.abort = this.#abort;
    process.kill = this.#kill;
    syncBuiltinESMExports();
  }

  readonly #guardedExit = (code?: number | string | null): never => {
    this.#refusePlugins(`exit(${code ?? ""})`);
    return this.#exit.call(process, code);
  };

  readonly #guardedAbort = (): never => {
    this.#refusePlugins("abort()");
    return this.#abort.call(process);
  };

  readonly #guardedKill = (pid: number, signal?: string | number): true => {
    // Ids of 0 and below address whole process groups, which contain this process.
    if (signal !== 0 && (pid === process.pid || pid <= 0)) this.#refusePlugins(`kill(${pid}, ${signal ?? "SIGTERM"})`);
    return this.#kill.call(process, pid, signal);
  };

  #refusePlugins(call: string): void {
    const plugin = this.#options.pluginAtFault(new Error("the stack of the call"));
    if (plugin === undefined) return;
    const error = new PeekError(
      "PLUGIN_CALLED_EXIT",
      `it called process.${call}, which only the service may call. Throw an error instead.`,
      { fields: { plugin } },
    );
    // Reported as well as thrown, since the plugin may catch it.
    this.#options.reportUncaught(error);
    throw error;
  }
}
