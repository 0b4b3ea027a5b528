import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import type { TaskGroup } from "@peek/kit";

/** Where Linux lists the connections of this host, or of this container. Elsewhere, there is nothing there. */
const files = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
/** How often it is read at most; ticks. */
const everyTicks = 10;
/** A line of it, of a connection by which something is being sent; numbers are hexadecimal. */
const line = /^ *\d+: [\dA-F]+:([\dA-F]{4}) [\dA-F]+:([\dA-F]{4}) [\dA-F]{2} ([\dA-F]{8}):/gmu;
const nothing = "00000000";

/**
 * How much the system keeps of what it was given to send. It takes megabytes ahead of a slow reader, and asks for more once a third
 * of that is out, which may be minutes later: Node sees nothing of what goes out between. Read only while somebody asks.
 */
export class KernelQueues {
  readonly #tasks: TaskGroup;
  #queues = new Map<string, string>();
  #isWanted = false;
  #isReading = false;
  #ticks = 0;

  constructor(tasks: TaskGroup) {
    this.#tasks = tasks;
  }

  /**
   * What a socket's queue was like when they were looked at last: another text, when something has gone out; undefined: not known.
   * Ports tell sockets from others well enough: when two have the same, both count as going on when one is.
   */
  of({ localPort, remotePort }: Socket): string | undefined {
    this.#isWanted = true;
    return localPort === undefined || remotePort === undefined
      ? undefined
      : this.#queues.get(`${localPort} ${remotePort}`);
  }

  /** To be called with each tick. */
  tick(): void {
    this.#ticks += 1;
    if (this.#isReading || this.#ticks < everyTicks) return;
    this.#ticks = 0;
    if (!this.#isWanted) {
      if (this.#queues.size > 0) this.#queues = new Map();
      return;
    }
    this.#isWanted = false;
    this.#isReading = true;
    this.#tasks.run(async () => {
      const texts = await Promise.all(files.map((file) => readFile(file, "latin1").catch(() => "")));
      this.#queues = queuesOf(texts);
      this.#isReading = false;
    });
  }
}

function queuesOf(texts: readonly string[]): Map<string, string> {
  const queues = new Map<string, string>();
  for (const text of texts) {
    for (const [, local = "", remote = "", queue = nothing] of text.matchAll(line)) {
      if (queue === nothing) continue;
      const key = `${Number.parseInt(local, 16)} ${Number.parseInt(remote, 16)}`;
      const other = queues.get(key);
      queues.set(key, other === undefined ? queue : `${other} ${queue}`);
    }
  }
  return queues;
}
