import type { Logger, PeerIdentity, PluginVortex } from "@peek/plugin-base";
import { defineTuple } from "@peek/plugin-base/contracts";
import type { TaskNews, TaskSignals } from "@peek/tasks";
import { messageOf } from "@peek/errors";
import { z } from "zod";
import { platformPlugin } from "./serviceStatusRpc.ts";

/** An output longer than this is read from the database by whoever waits for it; letters. */
const longestTold = 64 * 1024;
/** The rest of a longer message is left out; letters. */
const longestMessage = 20_000;
/** Of one queue, workers are woken no more often; milliseconds. */
const wakeEveryMs = 2;
/** What is told together at most. */
const mostTold = 200;

const TaskNewsTuple = defineTuple(
  `${platformPlugin}.TaskNews`,
  {
    id: z.uuid(),
    kind: z.enum(["done", "failed", "progress"]),
    /** The output, or how far it is; absent where it is too long. */
    text: z.string().max(longestTold).optional(),
    code: z.string().max(100).optional(),
    message: z.string().max(longestMessage).optional(),
  },
  { key: "id" },
);
type TaskNewsRow = z.infer<typeof TaskNewsTuple.schema>;

const keys = { wake: "taskWake", cancelled: "taskCancelled", news: "taskNews" } as const;

/** What this process is told by others. */
export interface TaskListeners {
  readonly onNews: (news: readonly TaskNews[]) => void;
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
      payloads.endpoint({ key: keys.news }, ({ tuples }) => onNews(tuples.flatMap(newsOf)), {
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

  tell(origin: PeerIdentity, news: readonly TaskNews[]): void {
    const { payloads } = this.#vortex;
    const filt = { key: keys.news };
    for (let at = 0; at < news.length && !this.#owned.disposed; at += mostTold) {
      const tuples = news.slice(at, at + mostTold).map(rowOf);
      this.#watch(payloads.send({ filt, tuple: TaskNewsTuple, tuples }, { to: origin }));
    }
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
    sending.catch((error: unknown) => this.#logger.debug("A signal was not sent: %s", messageOf(error)));
  }
}

function rowOf(news: TaskNews): TaskNewsRow {
  const { id, kind } = news;
  if (news.kind === "failed") return { id, kind, code: news.error.code, message: cut(news.error.message) };
  const text = news.kind === "done" ? news.output : news.value;
  return { id, kind, ...(text !== undefined && text.length <= longestTold && { text }) };
}

function cut(message: string): string {
  return message.slice(0, longestMessage);
}

function newsOf({ id, kind, text, code, message }: TaskNewsRow): readonly TaskNews[] {
  if (kind === "done") return [{ kind, id, output: text }];
  if (kind === "failed") return [{ kind, id, error: { code: code ?? "TASK_FAILED", message: message ?? "" } }];
  return text === undefined ? [] : [{ kind, id, value: text }];
}
