import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServiceConfigInput } from "@peek/config";
import pg from "pg";
import { freePort } from "../freePort.ts";
import { type CommandResult, peek } from "../peekCommand.ts";
import type { PluginPackageOptions } from "../pluginPackage.ts";
import type { RunningProcess } from "../RunningProcess.ts";
import { TestHome } from "../TestHome.ts";
import { linkZod } from "../vortexProbe.ts";
import { ask, type JobsAnswer, type JobsQuestion, tryAsk } from "./JobsControl.ts";
import { dirVariable, jobsName, jobsPlugin, runTable } from "./jobsPlugin.ts";
import { JobsWorker } from "./JobsWorker.ts";

/** The options of a {@link TaskSystem}. */
export interface TaskSystemOptions {
  /** A database on an existing server. Default: logic's embedded one, which serves one worker. */
  readonly connectUrl?: string;
  /** Default: {@link jobsPlugin}. */
  readonly plugins?: readonly PluginPackageOptions[];
  readonly logic?: ServiceConfigInput;
}

/** Options of a worker of a {@link TaskSystem}. */
export interface WorkerOptions {
  readonly plugins?: readonly PluginPackageOptions[];
  readonly config?: ServiceConfigInput;
}

interface Parts extends Omit<TaskSystemOptions, "logic"> {
  readonly home: TestHome;
  readonly port: number;
  readonly logic: RunningProcess;
}

interface Row {
  readonly [column: string]: unknown;
}

/** Logic and workers, each in a separate process, with a plugin that executes requests of the test. */
export class TaskSystem implements AsyncDisposable {
  readonly #owned: AsyncDisposableStack;
  readonly #connectUrl: string | undefined;
  readonly #plugins: readonly PluginPackageOptions[];
  readonly #home: TestHome;
  readonly #port: number;
  #logic: RunningProcess;
  #token: string | undefined;

  private constructor(owned: AsyncDisposableStack, parts: Parts) {
    this.#owned = owned;
    this.#connectUrl = parts.connectUrl;
    this.#plugins = parts.plugins ?? [jobsPlugin()];
    this.#home = parts.home;
    this.#port = parts.port;
    this.#logic = parts.logic;
  }

  /** Starts logic. */
  static async start(options: TaskSystemOptions = {}): Promise<TaskSystem> {
    await using owned = new AsyncDisposableStack();
    const port = await freePort();
    const { plugins = [jobsPlugin()] } = options;
    const config = {
      ...options.logic,
      ...storageOf(options.connectUrl),
      httpServer: { dataExchange: { sitePort: port } },
    };
    const home = owned.use(await TestHome.with(config, plugins));
    await linkZod(home);
    const logic = owned.use(runLogic(home));
    await logic.waitFor(/:Ready in /);
    return new TaskSystem(owned.move(), { ...options, home, port, logic });
  }

  get logic(): RunningProcess {
    return this.#logic;
  }

  /** Starts logic, also again, on the same home. */
  async startLogic(): Promise<void> {
    this.#logic = this.#owned.use(runLogic(this.#home));
    await this.#logic.waitFor(/:Ready in /);
  }

  /** kill -9. */
  async killLogic(): Promise<void> {
    this.logic.kill("SIGKILL");
    await this.logic.ended;
  }

  /** A worker on another machine; with the embedded database, the one on logic's machine. It is not started yet. */
  async worker({ plugins = this.#plugins, config = {} }: WorkerOptions = {}): Promise<JobsWorker> {
    if (this.#connectUrl === undefined) {
      const beside = await this.#home.beside("worker", { ...config, dataExchange: { httpPort: this.#port } }, plugins);
      await linkZod(beside);
      return this.#owned.use(new JobsWorker(beside));
    }
    this.#token ??= (await this.peek("token", "create", "worker")).stdout.trim();
    const dataExchange = { httpPort: this.#port, token: this.#token };
    const merged = { ...config, ...storageOf(this.#connectUrl), dataExchange };
    const home = this.#owned.use(await TestHome.with(merged, plugins, "worker"));
    await linkZod(home);
    return this.#owned.use(new JobsWorker(home));
  }

  /** Starts `count` workers. */
  async startWorkers(count: number, options: WorkerOptions = {}): Promise<readonly JobsWorker[]> {
    const workers: JobsWorker[] = [];
    for (let index = 0; index < count; index += 1) workers.push(await this.worker(options));
    await Promise.all(workers.map((worker) => worker.start()));
    return workers;
  }

  /** Starts one worker. */
  async startWorker(options: WorkerOptions = {}): Promise<JobsWorker> {
    const worker = await this.worker(options);
    await worker.start();
    return worker;
  }

  /** Kills the server of logic's own database; logic starts it again. */
  async killDatabase(): Promise<void> {
    const file = await readFile(join(this.#home.dir, "postgresql", "data", "postmaster.pid"), "utf8");
    process.kill(Number(file.split("\n")[0]), "SIGKILL");
  }

  /** Runs SQL as the owner of the database. */
  async query<T extends Row = Row>(sql: string, values: readonly unknown[] = []): Promise<readonly T[]> {
    const url = this.#connectUrl;
    const client = new pg.Client(url === undefined ? await this.#embeddedConnection() : { connectionString: url });
    client.on("error", () => undefined);
    await client.connect();
    try {
      return (await client.query<T>(sql, [...values])).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** The number that a query returns. */
  async count(sql: string, values: readonly unknown[] = []): Promise<number> {
    const [row] = await this.query(sql, values);
    return Number(Object.values(row ?? {})[0]);
  }

  /** The number of attempts of a task that the plugin has recorded. */
  async begun(task: string, plugin: string = jobsName): Promise<number> {
    return this.count(`SELECT count(*) FROM ${runTable(plugin)} WHERE task = $1`, [task]);
  }

  /** The number of tasks in a state of pg-boss. */
  async inState(state: string, task: string, plugin: string = jobsName): Promise<number> {
    return this.count("SELECT count(*) FROM peek_tasks.job WHERE state::text = $1 AND starts_with(name, $2)", [
      state,
      `${plugin}.${task}.`,
    ]);
  }

  /** Attempts that began after a success of the same task had been recorded. */
  async begunAfterSuccess(plugin: string = jobsName): Promise<number> {
    return this.count(
      `SELECT count(*) FROM ${runTable(plugin)} run JOIN peek_tasks.job job ON job.id = run.id
       WHERE job.state::text = 'completed' AND run.began > job.completed_on`,
    );
  }

  /** Sends a request to a plugin on logic. @throws Error when it fails. */
  async ask(question: JobsQuestion, plugin: string = jobsName): Promise<unknown> {
    return ask(this.#home.dir, plugin, question);
  }

  /** Sends a request to a plugin on logic; it may fail. */
  async tryAsk(question: JobsQuestion, plugin: string = jobsName): Promise<JobsAnswer> {
    return tryAsk(this.#home.dir, plugin, question);
  }

  /** Runs the command `peek` on logic's machine. */
  async peek(...args: readonly string[]): Promise<CommandResult> {
    return peek(this.#home.base, ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #embeddedConnection(): Promise<pg.ClientConfig> {
    return JSON.parse(await readFile(join(this.#home.dir, "postgresql", "connection.json"), "utf8")) as pg.ClientConfig;
  }
}

function runLogic(home: TestHome): RunningProcess {
  return home.run({ env: { [dirVariable]: home.dir } });
}

function storageOf(connectUrl: string | undefined): ServiceConfigInput {
  return connectUrl === undefined ? {} : { storage: { connectUrl } };
}
