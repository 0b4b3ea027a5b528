import { LogThrottle } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";

/** Logs light tasks that run on after their deadline: only their handler can end them, and they keep their slots. */
export class OverdueLog {
  readonly #logger: Logger;
  readonly #throttle = new LogThrottle({ intervalMs: 10_000 });
  /** By the name of the task. */
  readonly #overdue = new Map<string, { count: number; isLogged: boolean }>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  started(task: string, id: string): void {
    const overdue = this.#overdue.get(task) ?? { count: 0, isLogged: false };
    this.#overdue.set(task, overdue);
    overdue.count += 1;
    if (this.#throttle.count(task) === undefined) return;
    overdue.isLogged = true;
    const more = overdue.count > 1 ? ` (and ${overdue.count - 1} more of this task)` : "";
    this.#logger.warning(
      "%s %s runs on after its deadline%s, and keeps its slot until it ends. Make its handler end when its signal fires",
      task,
      id,
      more,
    );
  }

  ended(task: string): void {
    const overdue = this.#overdue.get(task);
    if (overdue === undefined) return;
    overdue.count -= 1;
    if (overdue.count > 0) return;
    this.#overdue.delete(task);
    if (overdue.isLogged) this.#logger.info("No task of %s runs after its deadline any more", task);
  }
}
