/** The types of tasks of a plugin, in its old or new build. */
export function contractsOf(name: string, build: "old" | "new"): string {
  const version = build === "old" ? 1 : 2;
  const most = build === "old" ? 10 : 1000;
  return `
import { defineTask } from "@peek/plugin-base/contracts";
import { z } from "zod";
const once = { tries: 1 };
const input = z.object({ n: z.int() });
const output = z.int();
const light = { input, output, weight: "light", retry: once };
/** Records its begin, waits, and records its end. */
export const Note = defineTask("${name}.Note", { ...light, input: z.object({ n: z.int(), ms: z.number().default(0) }) });
/** Records its begin, and ends when the gate of its worker is open. */
export const Hold = defineTask("${name}.Hold", light);
/** The same, without a record at the end: the database may be away then. */
export const Keep = defineTask("${name}.Keep", light);
/** Reports its progress, and continues when the gate is open. */
export const Follow = defineTask("${name}.Follow", light);
/** Does nothing. */
export const Noop = defineTask("${name}.Noop", light);
/** Takes 20 ms, and records nothing. */
export const Brief = defineTask("${name}.Brief", light);
/** Fails in the way that its number selects. */
export const Faulty = defineTask("${name}.Faulty", {
  ...light, input: z.object({ n: z.int(), how: z.enum(["throw", "null", "reject", "output", "none"]) }), retry: { tries: 3, delayMs: 1 },
});
/** Has no handler. */
export const Nobody = defineTask("${name}.Nobody", light);
/** Has another version in each build. */
export const Grown = defineTask("${name}.Grown", { ...light, version: ${version} });
/** Has the same version, and a stricter schema in the old build. */
export const Wider = defineTask("${name}.Wider", { ...light, input: z.object({ n: z.int().max(${most}) }), retry: { tries: 2, delayMs: 1 } });
/** Runs in a thread. For a number below zero, it counts as many rows by the storage. */
export const Square = defineTask("${name}.Square", { input, output });
/** Never ends. */
export const Endless = defineTask("${name}.Endless", { input, output, deadlineMs: 2000, retry: once });
/** Misbehaves. Its deadline is far away also on a slow machine. */
export const Bad = defineTask("${name}.Bad", { input: z.object({ how: z.string() }), output, deadlineMs: 60_000, memoryMb: 128, retry: once });
`;
}

/** The handlers of light tasks. */
export const handlersModule = `
import { TaskRejection } from "@peek/plugin-base/contracts";
import { defineTaskHandler } from "@peek/plugin-base/worker";
import { setTimeout as pause } from "node:timers/promises";

/** Blocks tasks until it is open. */
export class Gate {
  #isOpen = false;
  #waiting = new Map();
  get held() { return this.#waiting.size; }
  open() {
    this.#isOpen = true;
    for (const { resolve } of this.#waiting.values()) resolve();
  }
  close() { this.#isOpen = false; }
  openEven() {
    for (const { n, resolve } of this.#waiting.values()) if (n % 2 === 0) resolve();
  }
  async pass(n, signal) {
    if (this.#isOpen) return;
    const { promise, resolve, reject } = Promise.withResolvers();
    const key = Symbol();
    const abort = () => reject(signal.reason);
    this.#waiting.set(key, { n, resolve });
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#waiting.delete(key);
    }
  }
}

export function handlersOf({ types, storage, gate, counts, logger }) {
  const { db } = storage;
  const meta = import.meta;
  const begin = async (task, { n }, { id, attempt }) => {
    const row = { task, n, id, attempt, pid: process.pid };
    return (await db.insertInto("run").values(row).returning("seq").executeTakeFirstOrThrow()).seq;
  };
  const end = async (seq) => {
    await db.updateTable("run").set({ ended: new Date().toISOString() }).where("seq", "=", seq).execute();
  };
  const noted = (task, work) => defineTaskHandler(meta, types[task], async (input, context) => {
    const seq = await begin(task, input, context);
    const output = await work(input, context);
    await end(seq);
    return output;
  });
  const counted = (task, work) => defineTaskHandler(meta, types[task], (input) => {
    counts[task] = (counts[task] ?? 0) + 1;
    return work(input);
  });
  return [
    noted("Note", async ({ n, ms }, { signal }) => {
      if (ms > 0) await pause(ms, undefined, { signal });
      return -n;
    }),
    noted("Hold", async ({ n }, { signal }) => {
      try {
        await gate.pass(n, signal);
      } catch (error) {
        logger.info("Aborted %d: %s", n, error?.code ?? error?.name);
        throw error;
      }
      return -n;
    }),
    defineTaskHandler(meta, types.Keep, async (input, context) => {
      await begin("Keep", input, context);
      await gate.pass(input.n, context.signal);
      return -input.n;
    }),
    noted("Follow", async ({ n }, { signal, progress }) => {
      progress({ n, done: "half" });
      try {
        await gate.pass(n, signal);
      } catch (error) {
        logger.info("Aborted %d: %s", n, error?.code ?? error?.name);
        throw error;
      }
      progress({ n, done: "all" });
      return -n;
    }),
    counted("Noop", ({ n }) => n),
    counted("Brief", ({ n }) => pause(20, n)),
    noted("Faulty", ({ how }) => {
      if (how === "throw") throw new Error("The feeder is stuck");
      if (how === "null") throw null;
      if (how === "reject") throw new TaskRejection("There is no such feeder");
      return how === "output" ? "no number" : undefined;
    }),
    noted("Grown", ({ n }) => -n),
    noted("Wider", ({ n }) => -n),
  ];
}
`;

export const squareModule = `
import { defineTaskHandler } from "@peek/plugin-base/worker";
import { sql } from "@peek/plugin-base/storage";
import { Square } from "./contracts.js";
export default defineTaskHandler(import.meta, Square, async ({ n }, context) => {
  if (n >= 0) return n * n;
  const { db } = await context.storage();
  const { rows } = await sql\`SELECT count(*)::int AS count FROM generate_series(1, \${-n})\`.execute(db);
  return rows[0].count;
});
`;

export const endlessModule = `
import { defineTaskHandler } from "@peek/plugin-base/worker";
import { Endless } from "./contracts.js";
export default defineTaskHandler(import.meta, Endless, () => { for (;;); });
`;

export const badModule = `
import { defineTaskHandler } from "@peek/plugin-base/worker";
import { Bad } from "./contracts.js";

const kept = [];
const ways = {
  buffers: () => { for (let mb = 0; mb < 4096; mb += 1) kept.push(Buffer.alloc(1024 * 1024, 1)); },
  heap: () => { for (;;) kept.push(Array.from({ length: 1000 }, () => ({ n: Math.random() }))); },
  exit: () => process.exit(3),
  null: () => { throw null; },
  unhandled: () => { void Promise.reject(new Error("Nobody waits for me")); return new Promise(() => {}); },
  timer: () => { setTimeout(() => { throw new Error("In a timer"); }, 1); return new Promise(() => {}); },
};
export default defineTaskHandler(import.meta, Bad, ({ how }) => ways[how]());
`;
