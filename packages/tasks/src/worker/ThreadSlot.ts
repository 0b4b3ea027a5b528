import { MessageChannel, type MessagePort, type Worker } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import {
  type ThreadJob,
  type ThreadEvent,
  threadEventSchema,
  type ThreadCommand,
  type ThreadReply,
} from "./threadMessages.ts";

/** An idle thread ends after this time. */
const idleMs = 30_000;
/**
 * How far V8's own heap limit is above the limit of a task. At its limit, V8 ends the thread for a small object, but the whole process
 * for one large array, map or text: the {@link MemoryMonitor} has to act first, and no single object is larger than this.
 */
const spareMb = 2048;

/** The module of the thread: in TypeScript or built, as this module. */
const filename = fileURLToPath(
  new URL(`./taskThread${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

/**
 * One thread: a pool of size 1, so that the thread of a task is known, and a pool can be discarded together with its terminated
 * thread. The thread starts with the first task.
 */
export class ThreadSlot implements AsyncDisposable {
  readonly #limitMb: number;
  readonly #pool: Piscina<ThreadJob, ThreadReply>;
  readonly #known = new Set<string>();
  #thread: Worker | undefined;
  #port: MessagePort | undefined;
  #onEvent: ((event: ThreadEvent) => void) | undefined;
  /** Rejects the pending reply when the thread has ended. */
  #fail: ((error: unknown) => void) | undefined;

  /** @param limitMb The largest memory limit of its tasks. */
  constructor(limitMb: number) {
    this.#limitMb = limitMb;
    this.#pool = new Piscina<ThreadJob, ThreadReply>({
      filename,
      minThreads: 0,
      maxThreads: 1,
      concurrentTasksPerWorker: 1,
      idleTimeout: idleMs,
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: limitMb + spareMb },
    });
    this.#pool.on("error", (error: unknown) => this.#fail?.(error));
  }

  /** The thread, while it exists. */
  get thread(): Worker | undefined {
    return this.#pool.threads[0];
  }

  get limitMb(): number {
    return this.#limitMb;
  }

  /** Whether the thread has imported a module. */
  knows(url: string): boolean {
    return this.thread !== undefined && this.thread === this.#thread && this.#known.has(url);
  }

  /** @throws Error when the thread ends before it replies. */
  async run(job: ThreadJob, onEvent: (event: ThreadEvent) => void): Promise<ThreadReply> {
    const { promise: ended, reject } = Promise.withResolvers<never>();
    ended.catch(() => undefined);
    this.#fail = reject;
    this.#onEvent = onEvent;
    try {
      const reply = await Promise.race([this.#send(job), ended]);
      this.#known.add(job.url);
      return reply;
    } finally {
      this.#fail = undefined;
      this.#onEvent = undefined;
    }
  }

  send(command: ThreadCommand): void {
    this.#port?.postMessage(command);
  }

  /** Terminates the thread with the task that runs on it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#port?.close();
    // A thread that runs native code ends afterwards; the task does not wait for it.
    this.#fail?.(new Error("The thread was terminated."));
    await this.#pool.destroy();
  }

  #send(job: ThreadJob): Promise<ThreadReply> {
    if (this.thread !== undefined && this.thread === this.#thread) return this.#pool.run(job);
    this.#port?.close();
    this.#known.clear();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on("message", (message: unknown) => this.#onEvent?.(threadEventSchema.parse(message)));
    // A running task keeps the process alive; an idle thread does not.
    port1.unref();
    const reply = this.#pool.run({ ...job, port: port2 }, { transferList: [port2] });
    const { thread } = this;
    this.#thread = thread;
    thread?.once("exit", (code) => {
      if (this.#thread === thread) this.#fail?.(new Error(`worker exited with code: ${code}`));
    });
    return reply;
  }
}
