/** The number that a shell gives a process that a signal has ended: 128 and the signal's own. */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143, SIGPWR: 158 } as const;

/** A signal that asks a service to stop. */
export type StopSignal = keyof typeof exitCodes;

const stopSignals = Object.keys(exitCodes) as readonly StopSignal[];

/**
 * Signals that mean nothing to a service. If nobody listened, each would end the process with nothing stopped, and
 * SIGUSR1 would open the port of Node's debugger.
 */
const otherSignals = ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGXCPU", "SIGIO", "SIGSTKFLT"] as const;

/** How {@link StopSignals} go on. */
export interface StopSignalsOptions {
  /** Whether whoever started the process wants it to outlive its terminal, as nohup does. */
  readonly ignoresHangup: boolean;
  /** The first signal that asks the service to stop. */
  readonly onFirst: (signal: StopSignal) => void;
  /** A second one: the process is to end at once, with this exit code. */
  readonly onSecond: (exitCode: number) => void;
  /** A signal that nothing follows from. */
  readonly onIgnored: (signal: NodeJS.Signals) => void;
}

/**
 * Listens for the signals that ask a process to stop: the first does so in order, a second ends the process at once.
 * Others that would end it are ignored, also after the disposal.
 */
export class StopSignals implements Disposable {
  readonly #options: StopSignalsOptions;
  #firstAt: number | undefined;

  constructor(options: StopSignalsOptions) {
    this.#options = options;
    for (const signal of stopSignals) process.on(signal, this.#listener);
    for (const signal of otherSignals) process.on(signal, options.onIgnored);
    // Node ignores it. But once a listener of a plugin had come and gone, a pipe without a reader would end the process.
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
    } else if (now - this.#firstAt > (process.channel === undefined ? echoMs.alone : echoMs.developed)) {
      this.#options.onSecond(exitCodes[signal]);
    }
  };
}

/**
 * One Ctrl-C reaches a process under a program that hands it on more than once: from the terminal, and from that program. What
 * comes this soon after the first is its echo; milliseconds. Under `pnpm dev` several programs hand it on, each in its time.
 */
const echoMs = { alone: 100, developed: 2000 } as const;
