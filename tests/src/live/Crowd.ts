import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { CrowdMembers, CrowdOrder, CrowdReport } from "./crowdMessages.ts";

/** Many browsers in a process of their own, which know nothing but the wire, and follow it to the letter. */
export class Crowd implements AsyncDisposable {
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
    process.on("exit", (code) => this.#broken.reject(new Error(`The crowd's process has ended with ${code}`)));
    // Whoever waits for an answer hears of it.
    this.#broken.promise.catch(() => undefined);
  }

  /** Connects, and waits until each member has what it watches. */
  static async open(members: CrowdMembers): Promise<Crowd> {
    const crowd = new Crowd(fork(join(import.meta.dirname, "crowdProcess.ts"), { execArgv: [] }));
    try {
      await crowd.#ask({ ask: "open", members });
      return crowd;
    } catch (error) {
      await crowd[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Forgets what was counted. */
  async begin(): Promise<void> {
    await this.#ask({ ask: "begin" });
  }

  async report(): Promise<CrowdReport> {
    return (await this.#ask({ ask: "report" })) as CrowdReport;
  }

  /** Waits until each has been cut off since `begin`, is connected again, and knows how things are. */
  async untilResumed(): Promise<void> {
    await this.#ask({ ask: "resumed" });
  }

  /** Waits until the values that each of them has are this together. */
  async untilTotal(total: number): Promise<void> {
    await this.#ask({ ask: "value", total });
  }

  /** Waits until each has been told of something that was changed then or later; milliseconds of the machine's clock. */
  async untilFresh(since: number): Promise<void> {
    await this.#ask({ ask: "fresh", since });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }

  async #ask(order: CrowdOrder): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#last += 1;
    this.#waiting.set(this.#last, resolve);
    this.#process.send({ number: this.#last, order });
    return await Promise.race([promise, this.#broken.promise]);
  }
}
