/** The exit codes that shells report for processes that a signal has ended: 128 plus the number of the signal. */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143, SIGPWR: 158 } as const;

/** A signal that asks a service to stop. */
export type StopSignal = keyof typeof exitCodes;

const stopSignals = Object.keys(exitCodes) as readonly StopSignal[];

/**
 * Signals that a service ignores. Without a listener, each would end the process with nothing stopped, and SIGUSR1 would
 * open the port of Node's debugger.
 */
const otherSignals = ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGXCPU", "SIGIO", "SIGSTKFLT"] as const;

/** How {@link StopSignals} reacts. */
export interface StopSignalsOptions {
  /** Whether the process is to outlive its terminal, as with nohup. */
  readonly ignoresHangup: boolean;
  /** Called at the first signal that asks the service to stop. */
  readonly onFirst: (signal: StopSignal) => void;
  /** Called at a second one: the process is to end at once, with this exit code. */
  readonly onSecond: (exitCode: number) => void;
  /** Called at a signal that is ignored. */
  readonly onIgnored: (signal: NodeJS.Signals) => void;
}

/**
 * Listens for the signals that ask a process to stop: the first stops the service in order, a second ends the process at once.
 * Other signals that would end it are ignored, also after the disposal.
 */
export class StopSignals implements Disposable {
  readonly #options: StopSignalsOptions;
  #firstAt: number | undefined;

  constructor(options: StopSignalsOptions) {
    this.#options = options;
    for (const signal of stopSignals) process.on(signal, this.#listener);
    for (const signal of otherSignals) process.on(signal, options.onIgnored);
    // Node ignores it by default, but not any more once a plugin has added and removed a listener.
    process.on("SIGPIPE", () => undefined);
  }

  [Symbol.dispose](): void {
    for (const signal of stopSignals) process.off(signal, this.#listener);
  }

  readonly #listener = (signal: StopSignal): void => {
    if (signal === "SIGHUP" && this.#options.ignoresHangup) {
      this.#options.onIgnored(signal);
      return;
    }
    const now = performance.now();
    if (this.#firstAt === undefined) {
      this.#firstAt = now;
      this.#options.onFirst(signal);
    } else if (now - this.#firstAt > (process.channel === undefined ? repetitionMs.alone : repetitionMs.underDev)) {
      this.#options.onSecond(exitCodes[signal]);
    }
  };
}

/**
 * One Ctrl-C reaches a process repeatedly when the program above it forwards signals: from the terminal, and from that program.
 * A signal this soon after the first one is a repetition. Under `pnpm dev` several programs forward it, some of them late.
 */
const repetitionMs = { alone: 100, underDev: 2000 } as const;
