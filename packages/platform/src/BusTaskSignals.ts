import type { Logger, PeerIdentity, PluginVortex } from "@peek/plugin-base";
import { defineTuple } from "@peek/plugin-base/contracts";
import type { TaskUpdate, TaskSignals } from "@peek/tasks";
import { cutText, messageOf, PeekError } from "@peek/errors";
import { z } from "zod";
import { platformPlugin } from "./serviceStatusRpc.ts";

/** An output longer than this is read from the database by whoever waits for it; letters. */
const longestTold = 64 * 1024;
/** The rest of a longer message is left out; letters. */
const longestMessage = 20_000;
/** Of one queue, workers are woken no more often; milliseconds. */
const wakeEveryMs = 2;
/** How many are told together at most, and in how long a text; letters. */
const mostTold = 500;
const longestNews = 2 * 1024 * 1024;

/** News are told by the hundred: as one text, they cost the bus and the check of a tuple's fields once for all. */
const TaskNewsTuple = defineTuple(
  `${platformPlugin}.TaskUpdate`,
  { first: z.uuid(), news: z.string().max(longestNews) },
  { key: "first" },
);

const newsSchema = z
  .array(
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("done"), id: z.uuid(), output: z.string().max(longestTold).optional() }),
      z.object({
        kind: z.literal("failed"),
        id: z.uuid(),
        error: z.object({ code: z.string().max(100), message: z.string().max(longestMessage) }),
      }),
      z.object({ kind: z.literal("progress"), id: z.uuid(), value: z.string().max(longestTold) }),
    ]),
  )
  .max(mostTold);

const keys = { wake: "taskWake", cancelled: "taskCancelled", news: "taskNews" } as const;

/** What this process is told by others. */
export interface TaskListeners {
  readonly onNews: (news: readonly TaskUpdate[]) => void;
  /** On a worker. */
  readonly worker?: {
    readonly wake: (queue: string) => void;
    readonly cancelled: (id: string) => void;
  };
}

/** Signals of tasks as payloads on the bus. */
export class BusTaskSignals implements TaskSignals, Disposable {
  readonly self: PeerIdentity;
  readonly #vortex: PluginVortex;
  readonly #logger: Logger;
  readonly #owned = new DisposableStack();
  /** The queues of which workers were woken just now; true where there was more since. */
  readonly #woken = new Map<string, boolean>();

  constructor(vortex: PluginVortex, logger: Logger) {
    this.#vortex = vortex;
    this.#logger = logger;
    this.self = vortex.presence.self;
  }

  listen({ onNews, worker }: TaskListeners): void {
    const { payloads } = this.#vortex;
    this.#owned.use(
      payloads.endpoint({ key: keys.news }, ({ tuples }) => onNews(tuples.flatMap(newsIn)), {
        tuple: TaskNewsTuple,
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
    }, wakeEveryMs).unref();
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
      this.#watch(
        this.#vortex.payloads.send({ filt: { key: keys.news }, tuple: TaskNewsTuple, tuples }, { to: origin }),
      );
    };
    for (const each of updates) {
      const text = JSON.stringify(shortened(each));
      if (batch.length === mostTold || length + text.length > longestNews / 2) send();
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
    this.#watch(this.#vortex.payloads.send({ filt }, { to: { all: "worker" } }));
  }

  /** Where nobody is there, or this service is not connected, what it would have told is found in the database. */
  #watch(sending: Promise<void>): void {
    sending.catch((error: unknown) => {
      // That nobody is there is nothing to look for: all have it from the database when they come.
      if (PeekError.is(error) && error.code === "VORTEX_NOBODY") return;
      this.#logger.debug("A signal was not sent: %s", messageOf(error));
    });
  }
}

/** What is not too long to be told. */
function shortened(news: TaskUpdate): TaskUpdate {
  if (news.kind === "failed") {
    const { code, message } = news.error;
    return { ...news, error: { code, message: cutText(message, longestMessage) } };
  }
  return news.kind === "done" && (news.output?.length ?? 0) > longestTold ? { ...news, output: undefined } : news;
}

/** @throws Error of rubbish, which the bus logs. */
function newsIn({ news }: { readonly news: string }): readonly TaskUpdate[] {
  return newsSchema
    .parse(JSON.parse(news))
    .map((each) => (each.kind === "done" ? { ...each, output: each.output } : each));
}
