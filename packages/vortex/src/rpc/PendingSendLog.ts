import type { LogThrottle } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";
import { CallbackTimer } from "./CallbackTimer.ts";
import type { TimingWheel } from "./TimingWheel.ts";

/** How long calls wait for a peer before the log says so. */
const patienceMs = 2000;

/** The plugin name under which the platform itself calls. */
const platformPlugin = "peek_core_platform";

/** A pending send, as the log sees it. */
export interface LoggedSend {
  /** The sending plugin; undefined when no plugin owns the send. */
  readonly plugin: string | undefined;
  /** Whether the send waits for a peer to connect. */
  readonly waitsForPeer: boolean;
  /** Identifies the awaited peer or service. */
  readonly key: string;
  /** The name of the contract that is called. */
  readonly title: string;
  /** Describes the send and why it waits: `to call pump.Notes on agent: no agent service is connected`. */
  describe(): string;
}

/** The pending sends of one plugin with the same key and title. */
interface Group {
  count: number;
  readonly timer: CallbackTimer;
}

/** Logs which calls with `wait: true` wait for a peer: one line for all calls of a plugin that wait for the same. */
export class PendingSendLog {
  readonly #timers: TimingWheel;
  readonly #logThrottle: LogThrottle;
  readonly #logger: Logger;
  readonly #groups = new Map<string, Group>();

  constructor(timers: TimingWheel, logThrottle: LogThrottle, logger: Logger) {
    this.#timers = timers;
    this.#logThrottle = logThrottle;
    this.#logger = logger;
  }

  add(send: LoggedSend): void {
    const key = groupKey(send);
    if (key === undefined) return;
    const group = this.#groups.get(key) ?? this.#open(key, send);
    group.count += 1;
  }

  delete(send: LoggedSend): void {
    const key = groupKey(send);
    const group = key === undefined ? undefined : this.#groups.get(key);
    if (key === undefined || group === undefined) return;
    group.count -= 1;
    if (group.count > 0) return;
    this.#timers.remove(group.timer);
    this.#groups.delete(key);
  }

  #open(key: string, send: LoggedSend): Group {
    const group = { count: 0, timer: new CallbackTimer(() => this.#log(key, send)) };
    this.#groups.set(key, group);
    this.#timers.add(group.timer, patienceMs);
    return group;
  }

  #log(key: string, send: LoggedSend): void {
    const suppressed = this.#logThrottle.count(`wait ${key}`);
    if (suppressed === undefined) return;
    this.#logger.info({ code: "VORTEX_NOBODY" }, "%s is waiting %s%s", send.plugin, send.describe(), suppressed);
  }
}

/** Undefined for sends that are not logged. The platform's own calls have log lines elsewhere. */
function groupKey({ plugin, waitsForPeer, key, title }: LoggedSend): string | undefined {
  return plugin === undefined || plugin === platformPlugin || !waitsForPeer ? undefined : `${plugin} ${key} ${title}`;
}
