/** The number that a shell gives a process that a signal has ended: 128 and the signal's own. */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** A signal that asks a service to stop. */
export type StopSignal = keyof typeof exitCodes;

const stopSignals = Object.keys(exitCodes) as readonly StopSignal[];

/**
 * Listens for the signals that ask a process to stop: the first does so in order, a second ends the process at once.
 */
export class StopSignals implements Disposable {
  readonly #onFirst: (signal: StopSignal) => void;
  #firstAt: number | undefined;

  constructor(onFirst: (signal: StopSignal) => void) {
    this.#onFirst = onFirst;
    for (const signal of stopSignals) process.on(signal, this.#listener);
  }

  [Symbol.dispose](): void {
    for (const signal of stopSignals) process.off(signal, this.#listener);
  }

  readonly #listener = (signal: StopSignal): void => {
    const now = performance.now();
    if (this.#firstAt === undefined) {
      this.#firstAt = now;
      this.#onFirst(signal);
    } else if (now - this.#firstAt > echoMs) {
      process.exit(exitCodes[signal]);
    }
  };
}

/**
 * One Ctrl-C reaches a process under `pnpm dev` more than once: from the terminal, and from each program above that
 * hands it on. What comes this soon after the first is its echo; milliseconds.
 */
const echoMs = 100;
