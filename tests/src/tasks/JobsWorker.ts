import type { RunningProcess } from "../RunningProcess.ts";
import type { TestHome } from "../TestHome.ts";
import { ask } from "./JobsControl.ts";
import { dirVariable, jobsName } from "./jobsPlugin.ts";

/** A worker service in its own home, which can be killed and started again. */
export class JobsWorker implements AsyncDisposable {
  readonly home: TestHome;
  #running: RunningProcess | undefined;

  constructor(home: TestHome) {
    this.home = home;
  }

  get process(): RunningProcess {
    if (this.#running === undefined) throw new Error("The worker is not running");
    return this.#running;
  }

  get pid(): number {
    return this.process.pid;
  }

  /** Starts it, and waits until its plugins handle tasks. */
  async start(): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
    this.#running = this.home.run({ env: { [dirVariable]: this.home.dir } });
    await this.#running.waitFor(/:Ready in /);
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.ended;
  }

  /** Opens its gate: tasks that wait there continue, now and later. */
  async open(plugin: string = jobsName): Promise<void> {
    await ask(this.home.dir, plugin, { ask: "open" });
  }

  /** Closes its gate: tasks wait there from now on. */
  async close(plugin: string = jobsName): Promise<void> {
    await ask(this.home.dir, plugin, { ask: "close" });
  }

  /** The number of tasks that wait at its gate. */
  async held(plugin: string = jobsName): Promise<number> {
    return Number(await ask(this.home.dir, plugin, { ask: "held" }));
  }

  /** The number of begun tasks by name, of types that record nothing in the database. */
  async counts(plugin: string = jobsName): Promise<Readonly<Record<string, number>>> {
    return (await ask(this.home.dir, plugin, { ask: "counts" })) as Readonly<Record<string, number>>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
  }
}
