import type { Logger, PeerIdentity, PluginVortex } from "@peek/plugin-base";
import { defineTuple } from "@peek/plugin-base/contracts";
import type { TaskUpdate, TaskSignals } from "@peek/tasks";
import { cutText, messageOf, PeekError } from "@peek/errors";
import { z } from "zod";
import { platformPlugin } from "../status/serviceStatusRpc.ts";

/** A longer output is not sent: the waiting service reads it from the database. In characters. */
const maxOutputLength = 64 * 1024;
/** A longer message is cut. In characters. */
const maxMessageLength = 20_000;
/** The shortest interval between two wake signals for one queue. */
const wakeIntervalMs = 2;
/** How many updates one payload has at most, and how long its text is at most, in characters. */
const maxBatchSize = 500;
const maxBatchLength = 2 * 1024 * 1024;

/** A batch of updates is one text, so that the bus and the check of a tuple's fields handle all of them at once. */
const TaskUpdatesTuple = defineTuple(
  `${platformPlugin}.TaskUpdate`,
  { first: z.uuid(), news: z.string().max(maxBatchLength) },
  { key: "first" },
);

const updatesSchema = z
  .array(
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("done"), id: z.uuid(), output: z.string().max(maxOutputLength).optional() }),
      z.object({
        kind: z.literal("failed"),
        id: z.uuid(),
        error: z.object({ code: z.string().max(100), message: z.string().max(maxMessageLength) }),
      }),
      z.object({ kind: z.literal("progress"), id: z.uuid(), value: z.string().max(maxOutputLength) }),
    ]),
  )
  .max(maxBatchSize);

const keys = { wake: "taskWake", cancelled: "taskCancelled", updates: "taskNews" } as const;

/** Handles the signals of other processes. */
export interface TaskListeners {
  readonly onUpdates: (updates: readonly TaskUpdate[]) => void;
  /** On a worker. */
  readonly worker?: {
    readonly wake: (queue: string) => void;
    readonly cancelled: (id: string) => void;
  };
}

/** Sends and receives the signals of tasks as payloads on the bus. */
export class BusTaskSignals implements TaskSignals, Disposable {
  readonly self: PeerIdentity;
  readonly #vortex: PluginVortex;
  readonly #logger: Logger;
  readonly #owned = new DisposableStack();
  /** The queues whose workers were woken less than an interval ago; true where another signal is due. */
  readonly #woken = new Map<string, boolean>();

  constructor(vortex: PluginVortex, logger: Logger) {
    this.#vortex = vortex;
    this.#logger = logger;
    this.self = vortex.presence.self;
  }

  listen({ onUpdates, worker }: TaskListeners): void {
    const { payloads } = this.#vortex;
    this.#owned.use(
      payloads.endpoint({ key: keys.updates }, ({ tuples }) => onUpdates(tuples.flatMap(updatesIn)), {
        tuple: TaskUpdatesTuple,
        acceptOnlyFrom: "worker",
      }),
    );
    if (worker === undefined) return;
    const from = { acceptOnlyFrom: ["logic", "worker"] } as const;
    this.#owned.use(payloads.endpoint({ key: keys.wake }, ({ filt }) => worker.wake(String(filt["queue"])), from));
    this.#owned.use(
      payloads.endpoint({ key: keys.cancelled }, ({ filt }) => worker.cancelled(String(filt["id"])), from),
    );
  }

  wake(queue: string): void {
    if (this.#woken.has(queue)) {
      this.#woken.set(queue, true);
      return;
    }
    this.#woken.set(queue, false);
    this.#send({ key: keys.wake, queue });
    setTimeout(() => {
      const again = this.#woken.get(queue) === true;
      this.#woken.delete(queue);
      if (again && !this.#owned.disposed) this.wake(queue);
    }, wakeIntervalMs).unref();
  }

  cancelled(id: string): void {
    this.#send({ key: keys.cancelled, id });
  }

  notify(origin: PeerIdentity, updates: readonly TaskUpdate[]): void {
    let batch: string[] = [];
    let length = 0;
    const send = (): void => {
      const first = updates[0]?.id;
      if (first === undefined || batch.length === 0 || this.#owned.disposed) return;
      const tuples = [{ first, news: `[${batch.join(",")}]` }];
      batch = [];
      length = 0;
      this.#handleFailure(
        this.#vortex.payloads.send({ filt: { key: keys.updates }, tuple: TaskUpdatesTuple, tuples }, { to: origin }),
      );
    };
    for (const each of updates) {
      const text = JSON.stringify(shortened(each));
      if (batch.length === maxBatchSize || length + text.length > maxBatchLength / 2) send();
      batch.push(text);
      length += text.length;
    }
    send();
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  #send(filt: Readonly<Record<string, string>>): void {
    if (this.#owned.disposed) return;
    this.#handleFailure(this.#vortex.payloads.send({ filt }, { to: { all: "worker" } }));
  }

  /** A lost signal is harmless: its content is in the database. */
  #handleFailure(sending: Promise<void>): void {
    sending.catch((error: unknown) => {
      // Without a receiver nothing is wrong: services read the database when they start.
      if (PeekError.is(error) && error.code === "VORTEX_NOBODY") return;
      this.#logger.debug("Failed to send a signal of tasks: %s", messageOf(error));
    });
  }
}

/** Cuts a long message, and omits a long output. */
function shortened(update: TaskUpdate): TaskUpdate {
  if (update.kind === "failed") {
    const { code, message } = update.error;
    return { ...update, error: { code, message: cutText(message, maxMessageLength) } };
  }
  const isLong = update.kind === "done" && (update.output?.length ?? 0) > maxOutputLength;
  return isLong ? { ...update, output: undefined } : update;
}

/** @throws Error for an invalid text, which the bus logs. */
function updatesIn({ news }: { readonly news: string }): readonly TaskUpdate[] {
  return updatesSchema
    .parse(JSON.parse(news))
    .map((each) => (each.kind === "done" ? { ...each, output: each.output } : each));
}
