import { join } from "node:path";
import { Child } from "../Child.ts";
import { type LiveDatabase, openLiveDatabase } from "../live/openLiveDatabase.ts";
import { readFigures } from "../live/readFigures.ts";
import { limitScript, peerScript } from "../paths.ts";
import type { Sample, SuiteContext } from "../Suite.ts";
import type { QueuePeer } from "./QueuePeer.ts";
import { RedisServer } from "./RedisServer.ts";
import { isStarted, TaskServices } from "./TaskServices.ts";

/** Tasks queued per second: one after the other, ten at a time, 500 by one call. */
export type EnqueueMetric = "single" | "ten" | "batched";
/** Tasks executed per second, and the MiB of the worker afterwards. */
export type ThroughputMetric = "perSecond" | "mebibytes";
/** Milliseconds from queuing a task until its result arrives. */
export type LatencyMetric = "p50" | "p99";
/** Tasks executed per second. */
export type HeavyMetric = "perSecond";

const enqueueMetrics = ["single", "ten", "batched"] as const;
const throughputMetrics = ["perSecond", "mebibytes"] as const;
const latencyMetrics = ["p50", "p99"] as const;
const heavyMetrics = ["perSecond"] as const;

/** The duration of queuing, each way, after a quarter of it to warm up. */
const enqueueMs = 1000;
/** The number of tasks; the first of them warm up. */
const counts = { warmUp: 2000, count: 10_000 } as const;
/** All tasks of a `throughput` measurement, those to warm up included. */
export const throughputCount: number = counts.warmUp + counts.count;
/** The number of tasks with a waiting caller. */
export const latencyRounds = 200;
/** The CPU time and the number of heavy tasks. */
export const heavy = { cpuMs: 20, count: 200 } as const;

type Argument = Readonly<Record<string, unknown>>;

/** Runs the processes that queue and execute tasks; each time on empty queues. */
export class TaskBench implements AsyncDisposable {
  readonly #context: SuiteContext;
  readonly #database: LiveDatabase;
  readonly #services: TaskServices;

  private constructor(context: SuiteContext, database: LiveDatabase, services: TaskServices) {
    this.#context = context;
    this.#database = database;
    this.#services = services;
  }

  static async open(context: SuiteContext): Promise<TaskBench> {
    const { temp, signal } = context;
    await using held = new AsyncDisposableStack();
    const database = held.use(await openLiveDatabase(join(temp, "postgresql")));
    const services = await TaskServices.generate(join(temp, "services"), database.connectUrl, signal);
    held.move();
    return new TaskBench(context, database, services);
  }

  async enqueueOfPeer(peer: QueuePeer): Promise<Sample<EnqueueMetric>> {
    await using store = await this.#emptyStore(peer);
    await using child = this.#child("enqueue", { ...store.argument, ms: enqueueMs });
    return await readFigures(child, enqueueMetrics);
  }

  async enqueueOfPeek(): Promise<Sample<EnqueueMetric>> {
    await this.#empty();
    await using logic = this.#services.spawn("logic", { measure: "enqueue", ms: enqueueMs });
    await isStarted(logic);
    begin(logic);
    return await readFigures(logic, enqueueMetrics);
  }

  /** @param queued The number of queued tasks. */
  async throughputOfPeer(peer: QueuePeer, queued = throughputCount): Promise<Sample<ThroughputMetric>> {
    await using store = await this.#emptyStore(peer);
    await using producer = this.#child("queue", { ...store.argument, queued });
    await producer.exit();
    await this.#settle();
    await using worker = this.#child("throughput", { ...store.argument, counts });
    return await readFigures(worker, throughputMetrics);
  }

  /** @param queued The number of queued tasks. */
  async throughputOfPeek(queued = throughputCount): Promise<Sample<ThroughputMetric>> {
    await this.#empty();
    const measure = { measure: "throughput", counts, queued } as const;
    await using logic = this.#services.spawn("logic", measure);
    await isStarted(logic);
    begin(logic);
    await readFigures(logic, ["queued"]);
    await this.#settle();
    await using worker = this.#services.spawn("worker", measure);
    return await readFigures(worker, throughputMetrics);
  }

  async latencyOfPeer(peer: QueuePeer): Promise<Sample<LatencyMetric>> {
    await using store = await this.#emptyStore(peer);
    const argument = { ...store.argument, rounds: latencyRounds };
    await using worker = this.#child("worker", argument);
    await worker.line(/^Ready in /);
    await using child = this.#child("latency", argument);
    return await readFigures(child, latencyMetrics);
  }

  async latencyOfPeek(): Promise<Sample<LatencyMetric>> {
    return await this.#both({ measure: "latency", rounds: latencyRounds }, latencyMetrics);
  }

  async heavyOfPiscina(): Promise<Sample<HeavyMetric>> {
    const { signal } = this.#context;
    await using child = new Child({ args: [peerScript("tasks/piscina"), JSON.stringify(heavy)], signal });
    return await readFigures(child, heavyMetrics);
  }

  async heavyOfPeek(): Promise<Sample<HeavyMetric>> {
    return await this.#both({ measure: "heavy", ...heavy }, heavyMetrics);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }

  /** The figures that logic measures while a worker executes its tasks. */
  async #both<Metric extends string>(
    measure: Parameters<TaskServices["spawn"]>[1],
    metrics: readonly Metric[],
  ): Promise<Sample<Metric>> {
    await this.#empty();
    await using logic = this.#services.spawn("logic", measure);
    await isStarted(logic);
    await using worker = this.#services.spawn("worker", measure);
    await isStarted(worker);
    begin(logic);
    return await readFigures(logic, metrics);
  }

  #child(program: string, argument: Argument): Child {
    const script = limitScript(`tasks/${program}`);
    return new Child({ args: [script, JSON.stringify(argument)], signal: this.#context.signal });
  }

  async #emptyStore({ store, argument }: QueuePeer): Promise<AsyncDisposable & { readonly argument: Argument }> {
    if (store === "postgresql") {
      await this.#empty();
      const { connectUrl } = this.#database;
      return { argument: { ...argument, connectUrl }, [Symbol.asyncDispose]: () => Promise.resolve() };
    }
    const redis = await RedisServer.start(this.#context.temp, this.#context.signal);
    return {
      argument: { ...argument, redisPort: redis.port },
      [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
    };
  }

  async #empty(): Promise<void> {
    const schemas = ["peek_tasks", "pgboss", "graphile_worker"];
    await this.#database.execute(schemas.map((schema) => `drop schema if exists ${schema} cascade;`).join("\n"));
    await this.#database.execute("checkpoint");
  }

  /** Runs the maintenance that PostgreSQL would do by itself within a minute. */
  async #settle(): Promise<void> {
    await this.#database.execute("vacuum analyze");
    await this.#database.execute("checkpoint");
  }
}

/** The bench's plugin on logic waits for that. */
function begin(logic: Child): void {
  process.kill(logic.pid, "SIGUSR2");
}
