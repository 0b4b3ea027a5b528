import pg from "pg";

/**
 * What a queue without answers needs so that one can be waited for: each task that has ended is notified of by a trigger, in the
 * transaction that records it.
 */
export class DoneListener {
  #client;
  #early = new Set();
  #waiting = new Map();

  constructor(connectUrl) {
    this.#client = new pg.Client({ connectionString: connectUrl });
  }

  /** @param {string} on `update of state on pgboss.job`. @param {string} row What of the row is the task: `new.id`. */
  async open({ on, row, when = "true" }) {
    await this.#client.connect();
    this.#client.on("notification", ({ payload }) => this.#hear(payload));
    await this.#client.query(`
      create or replace function public.tell_done() returns trigger language plpgsql as
        $$ begin perform pg_notify('bench_done', ${row}::text); return null; end $$;
      create trigger tell_done after ${on} for each row when (${when}) execute function public.tell_done();
      listen bench_done;`);
  }

  /** Waits until a task has ended. */
  async done(id) {
    if (this.#early.delete(id)) return;
    await new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  #hear(id) {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (resolve === undefined) this.#early.add(id);
    else resolve();
  }
}
