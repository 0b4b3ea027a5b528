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

/** A thread with nothing to do is ended after this; milliseconds. */
const idleMs = 30_000;
/**
 * By how much V8's own limit of the heap is above a task's; MiB. At its limit V8 ends a thread that makes small objects, but the
 * whole process for one large array, map or text: the {@link MemoryMonitor} has to be first, and no single object is larger.
 */
const spareMb = 2048;

/** This module's neighbour, in TypeScript as this is, or built. */
const filename = fileURLToPath(
  new URL(`./taskThread${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

/**
 * A place for one thread: a pool of one, so that whoever ends a task knows which thread it has, and a pool whose thread was ended
 * can be thrown away with it. The thread starts with the first task.
 */
export class ThreadSlot implements AsyncDisposable {
  readonly #limitMb: number;
  readonly #pool: Piscina<ThreadJob, ThreadReply>;
  readonly #known = new Set<string>();
  #thread: Worker | undefined;
  #port: MessagePort | undefined;
  #onNews: ((news: ThreadEvent) => void) | undefined;
  /** Ends the wait for what a thread would have given back that came to nothing. */
  #fail: ((error: unknown) => void) | undefined;

  /** @param limitMb What its tasks may have of memory at most. */
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

  /** The thread, while it is there. */
  get thread(): Worker | undefined {
    return this.#pool.threads[0];
  }

  get limitMb(): number {
    return this.#limitMb;
  }

  /** Whether its thread has imported a module. */
  knows(url: string): boolean {
    return this.thread !== undefined && this.thread === this.#thread && this.#known.has(url);
  }

  /** @throws whatever has ended the thread before it gave something back. */
  async run(job: ThreadJob, onNews: (news: ThreadEvent) => void): Promise<ThreadReply> {
    const { promise: ended, reject } = Promise.withResolvers<never>();
    ended.catch(() => undefined);
    this.#fail = reject;
    this.#onNews = onNews;
    try {
      const reply = await Promise.race([this.#send(job), ended]);
      this.#known.add(job.url);
      return reply;
    } finally {
      this.#fail = undefined;
      this.#onNews = undefined;
    }
  }

  tell(order: ThreadCommand): void {
    this.#port?.postMessage(order);
  }

  /** Ends the thread, and what runs on it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#port?.close();
    // A thread within native code ends after that: nobody waits for it.
    this.#fail?.(new Error("The thread was ended"));
    await this.#pool.destroy();
  }

  #send(job: ThreadJob): Promise<ThreadReply> {
    if (this.thread !== undefined && this.thread === this.#thread) return this.#pool.run(job);
    this.#port?.close();
    this.#known.clear();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on("message", (message: unknown) => this.#onNews?.(threadEventSchema.parse(message)));
    // Who waits for a task keeps the process alive, and a thread that idles does not.
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
