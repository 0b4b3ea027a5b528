import type { Logger } from "@peek/plugin-base";
import type { LogThrottle } from "@peek/kit";
import { CallbackTimer } from "./CallbackTimer.ts";
import type { TimingWheel } from "./TimingWheel.ts";
import type { PeerWait } from "./PeerWait.ts";

/** How long calls wait for somebody before the log says for whom; milliseconds. */
const patienceMs = 2000;

/** Under whose name the platform itself calls. */
const platformPlugin = "peek_core_platform";

/** The calls of one plugin that wait for the same. */
interface Queue {
  count: number;
  readonly alarm: CallbackTimer;
}

/** Says what calls with `wait: true` wait for, once for all calls of a plugin that wait for the same. */
export class PendingSendLog {
  readonly #deadlines: TimingWheel;
  readonly #rateLimit: LogThrottle;
  readonly #logger: Logger;
  readonly #queues = new Map<string, Queue>();

  constructor(deadlines: TimingWheel, logThrottle: LogThrottle, logger: Logger) {
    this.#deadlines = deadlines;
    this.#rateLimit = logThrottle;
    this.#logger = logger;
  }

  add(wait: PeerWait): void {
    const key = keyOf(wait);
    if (key === undefined) return;
    const queue = this.#queues.get(key) ?? this.#open(key, wait);
    queue.count += 1;
  }

  delete(wait: PeerWait): void {
    const key = keyOf(wait);
    const queue = key === undefined ? undefined : this.#queues.get(key);
    if (key === undefined || queue === undefined) return;
    queue.count -= 1;
    if (queue.count > 0) return;
    this.#deadlines.remove(queue.alarm);
    this.#queues.delete(key);
  }

  #open(key: string, { scope, target }: PeerWait): Queue {
    const queue = { count: 0, alarm: new CallbackTimer(() => this.#tell(key, scope?.plugin, target.need())) };
    this.#queues.set(key, queue);
    this.#deadlines.add(queue.alarm, patienceMs);
    return queue;
  }

  #tell(key: string, plugin: string | undefined, need: string): void {
    const suppressed = this.#rateLimit.count(`wait ${key}`);
    if (suppressed === undefined) return;
    this.#logger.info({ code: "VORTEX_NOBODY" }, "%s waits %s%s", plugin, need, suppressed);
  }
}

/** undefined for what does not wait for anybody to come, and for what the platform itself waits for: its own log tells why. */
function keyOf({ scope, target, waitsForArrival }: PeerWait): string | undefined {
  return scope === undefined || scope.plugin === platformPlugin || !waitsForArrival
    ? undefined
    : `${scope.plugin} ${target.key} ${target.title}`;
}
