import type { TaskQueue } from "@peek/tasks";

/** A queue that is opened when something is first asked of it; when that fails, the next who asks has it tried again. */
export class LazyTaskQueue implements TaskQueue {
  readonly #open: () => Promise<TaskQueue>;
  #opening: Promise<TaskQueue> | undefined;
  #isDisposed = false;

  constructor(open: () => Promise<TaskQueue>) {
    this.#open = open;
  }

  /** Whether somebody has asked for it. */
  get isWanted(): boolean {
    return this.#opening !== undefined;
  }

  /** @throws PeekError as what opens it. */
  opened(): Promise<TaskQueue> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      if (!this.#isDisposed) this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  ensure: TaskQueue["ensure"] = async (...values) => (await this.opened()).ensure(...values);
  insert: TaskQueue["insert"] = async (...values) => (await this.opened()).insert(...values);
  fetch: TaskQueue["fetch"] = async (...values) => (await this.opened()).fetch(...values);
  due: TaskQueue["due"] = async (...values) => (await this.opened()).due(...values);
  settle: TaskQueue["settle"] = async (...values) => (await this.opened()).settle(...values);
  touch: TaskQueue["touch"] = async (...values) => (await this.opened()).touch(...values);
  cancel: TaskQueue["cancel"] = async (...values) => (await this.opened()).cancel(...values);
  read: TaskQueue["read"] = async (...values) => (await this.opened()).read(...values);
  readByKey: TaskQueue["readByKey"] = async (...values) => (await this.opened()).readByKey(...values);
  depths: TaskQueue["depths"] = async () => (await this.opened()).depths();
  list: TaskQueue["list"] = async (...values) => (await this.opened()).list(...values);
  retry: TaskQueue["retry"] = async (...values) => (await this.opened()).retry(...values);
  drop: TaskQueue["drop"] = async (...values) => (await this.opened()).drop(...values);
  schedule: TaskQueue["schedule"] = async (...values) => (await this.opened()).schedule(...values);
  unschedule: TaskQueue["unschedule"] = async (...values) => (await this.opened()).unschedule(...values);
  schedules: TaskQueue["schedules"] = async () => (await this.opened()).schedules();
  scheduleStates: TaskQueue["scheduleStates"] = async () => (await this.opened()).scheduleStates();
  pauseSchedule: TaskQueue["pauseSchedule"] = async (...values) => (await this.opened()).pauseSchedule(...values);

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    const opening = this.#opening;
    if (opening === undefined) return;
    // What went wrong in opening it was told to whoever asked.
    const queue = await opening.catch(() => undefined);
    await queue?.[Symbol.asyncDispose]();
  }
}
