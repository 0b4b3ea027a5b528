import { describeValue, PeekError } from "@peek/errors";
import { z } from "zod";
import { checkContractName } from "./contractName.ts";
import type { TaskRetry, TaskTraits, TaskType } from "./TaskType.ts";

/** The options of a type of tasks. */
export interface TaskOptions<Input extends z.ZodType, Output extends z.ZodType> extends Partial<
  Omit<TaskTraits, "retry">
> {
  /** The schema of the input. Default: no input. */
  readonly input?: Input;
  /** The schema of the output. Default: no output. */
  readonly output?: Output;
  readonly retry?: TaskRetry;
}

/** The limits of numeric options. */
const bounds = {
  deadlineMs: [1, 24 * 60 * 60 * 1000],
  memoryMb: [16, 65_536],
  version: [1, 1_000_000],
  tries: [1, 100],
  delayMs: [0, 24 * 60 * 60 * 1000],
  maxDelayMs: [0, 24 * 60 * 60 * 1000],
} as const;

/**
 * Defines a type of tasks, shared by logic, which queues them, and workers, which run them.
 *
 * ```ts
 * export const PickRandomNumber = defineTask("peek_plugin_tutorial.PickRandomNumber", { input: z.int(), output: z.int() });
 * ```
 *
 * Tasks may wait for a long time: inputs that were queued before an upgrade have to match the new schema; otherwise raise `version`.
 *
 * @param name `<plugin>.<Name>`.
 * @throws PeekError `CONTRACT_INVALID`
 */
export function defineTask<Input extends z.ZodType = z.ZodVoid, Output extends z.ZodType = z.ZodVoid>(
  name: string,
  options?: TaskOptions<Input, Output>,
): TaskType<z.output<Input>, z.output<Output>, z.input<Input>, z.input<Output>>;
export function defineTask(
  name: string,
  options: TaskOptions<z.ZodType, z.ZodType> = {},
): TaskType<unknown, unknown, unknown, unknown> {
  const plugin = checkContractName("a task", name);
  const { input = z.void(), output, weight = "heavy", deadlineMs = 60_000, memoryMb = 512, version = 1 } = options;
  const { tries = 3, delayMs = 1000, maxDelayMs = 60_000 } = options.retry ?? {};
  if (!(input instanceof z.ZodType)) throw invalid(name, "its input has to be a zod schema, such as z.int()");
  if (output !== undefined && !(output instanceof z.ZodType)) {
    throw invalid(name, "its output has to be a zod schema, such as z.int()");
  }
  if (weight !== "light" && weight !== "heavy") {
    throw invalid(name, `its weight is ${describeValue(weight)}. It is "light" or "heavy"`);
  }
  const numbers = { deadlineMs, memoryMb, version, tries, delayMs, maxDelayMs };
  for (const [what, [least, most]] of Object.entries(bounds)) {
    const value = numbers[what as keyof typeof bounds];
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw invalid(name, `its ${what} is ${describeValue(value)}. It is a whole number from ${least} to ${most}`);
  }
  const retry = Object.freeze({ tries, delayMs, maxDelayMs });
  return Object.freeze({ name, plugin, input, output, weight, deadlineMs, memoryMb, version, retry });
}

function invalid(name: string, what: string): PeekError {
  return new PeekError("CONTRACT_INVALID", `The task ${name} cannot be defined: ${what}.`, { fields: { name } });
}
