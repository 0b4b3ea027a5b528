import { readFileSync } from "node:fs";

/** The time between two checks. */
const intervalMs = 500;

/**
 * Watches the ancestors of this process. The operating system does not notify a process of the end of an ancestor: a shell, pnpm or
 * turbo that was killed leaves its children running.
 */
export class Ancestors implements Disposable {
  readonly #timer: NodeJS.Timeout;

  /** @param onGone Called when one of them has ended. */
  constructor(onGone: () => void) {
    const initial = ancestors().join();
    this.#timer = setInterval(() => {
      if (ancestors().join() !== initial) onGone();
    }, intervalMs);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** The parent, its parent, and so on. Without /proc, only the parent. */
function ancestors(): readonly number[] {
  const found: number[] = [];
  for (let pid: number | undefined = process.ppid; pid !== undefined && pid > 0; pid = parentOf(pid)) found.push(pid);
  return found;
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may contain spaces.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
