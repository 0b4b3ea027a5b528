import { readFileSync } from "node:fs";

/** How often they are looked at; milliseconds. */
const everyMs = 500;

/**
 * The processes above this one. When one of them has ended, nobody tells those further down: a shell, pnpm or turbo that
 * was killed leaves its children running.
 */
export class Ancestors implements Disposable {
  readonly #timer: NodeJS.Timeout;

  /** @param onGone Told when one of them has ended. */
  constructor(onGone: () => void) {
    const atFirst = ancestors().join();
    this.#timer = setInterval(() => {
      if (ancestors().join() !== atFirst) onGone();
    }, everyMs);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Its parent, its parent's, and so on. Without /proc, its parent alone. */
function ancestors(): readonly number[] {
  const found: number[] = [];
  for (let pid: number | undefined = process.ppid; pid !== undefined && pid > 0; pid = parentOf(pid)) found.push(pid);
  return found;
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may have spaces in it.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
