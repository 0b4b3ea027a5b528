import type { Logger } from "@peek/plugin-base";

/** Of one task it is told no more often; milliseconds. */
const quietMs = 10_000;

/** Tells of light tasks that go on after their deadline: they keep their places, and nothing but their handler can end them. */
export class OverdueLog {
  readonly #logger: Logger;
  /** How many go on, by name, and when it was told. */
  readonly #overdue = new Map<string, { count: number; toldAt: number }>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  begun(task: string, id: string): void {
    const known = this.#overdue.get(task) ?? { count: 0, toldAt: -Infinity };
    this.#overdue.set(task, known);
    known.count += 1;
    const now = performance.now();
    if (now - known.toldAt < quietMs) return;
    known.toldAt = now;
    const more = known.count > 1 ? ` (and ${known.count - 1} more of it)` : "";
    this.#logger.warning(
      "%s %s goes on after its deadline, and keeps its place until it ends%s. Let it end when its signal fires",
      task,
      id,
      more,
    );
  }

  ended(task: string): void {
    const known = this.#overdue.get(task);
    if (known === undefined) return;
    known.count -= 1;
    if (known.count > 0) return;
    this.#overdue.delete(task);
    this.#logger.info("None of %s goes on after its deadline any more", task);
  }
}
