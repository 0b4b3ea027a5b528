import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type {
  SimulatedBrowsersOptions,
  SimulatedBrowsersRequest,
  SimulatedBrowsersReport,
} from "./simulatedBrowsersMessages.ts";

/** Many simulated browsers in a separate process, which implement only the protocol, and follow it exactly. */
export class SimulatedBrowsers implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  readonly #broken = Promise.withResolvers<never>();
  #last = 0;

  private constructor(process: ChildProcess) {
    this.#process = process;
    process.on("message", ({ number, result }: { readonly number: number; readonly result: unknown }) => {
      this.#waiting.get(number)?.(result);
      this.#waiting.delete(number);
    });
    process.on("exit", (code) =>
      this.#broken.reject(new Error(`The process of the simulated browsers has ended with ${code}`)),
    );
    // The callers that wait for an answer handle the error.
    this.#broken.promise.catch(() => undefined);
  }

  /** Connects, and waits until each browser has its data. */
  static async open(members: SimulatedBrowsersOptions): Promise<SimulatedBrowsers> {
    const browsers = new SimulatedBrowsers(
      fork(join(import.meta.dirname, "simulatedBrowsersProcess.ts"), { execArgv: [] }),
    );
    try {
      await browsers.#ask({ ask: "open", members });
      return browsers;
    } catch (error) {
      await browsers[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Resets the counters. */
  async begin(): Promise<void> {
    await this.#ask({ ask: "begin" });
  }

  async report(): Promise<SimulatedBrowsersReport> {
    return (await this.#ask({ ask: "report" })) as SimulatedBrowsersReport;
  }

  /** Waits until each has been disconnected since `begin`, is connected again, and has current data. */
  async untilResumed(): Promise<void> {
    await this.#ask({ ask: "resumed" });
  }

  /** Waits until the sum of the values of each browser is `total`. */
  async untilTotal(total: number): Promise<void> {
    await this.#ask({ ask: "value", total });
  }

  /** Waits until each has received a change from that time or later. @param at Milliseconds of the machine's clock. */
  async untilFresh(since: number): Promise<void> {
    await this.#ask({ ask: "fresh", since });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }

  async #ask(order: SimulatedBrowsersRequest): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#last += 1;
    this.#waiting.set(this.#last, resolve);
    this.#process.send({ number: this.#last, order });
    return await Promise.race([promise, this.#broken.promise]);
  }
}
