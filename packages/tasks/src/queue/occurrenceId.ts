import { createHash } from "node:crypto";
import { queueText, type QueueName } from "./QueueName.ts";

/**
 * The id of the task that a schedule queues at a time: a deterministic UUID of version 7. Several logic services make the same id, so
 * the task is queued once without coordination.
 */
export function occurrenceId(queue: QueueName, name: string, at: Date): string {
  const time = at.getTime().toString(16).padStart(12, "0");
  const hash = createHash("sha256")
    .update(JSON.stringify([queueText(queue), name, time]))
    .digest();
  const variant = (0x80 | (hash.readUInt8(0) & 0x3f)).toString(16);
  const rest = hash.toString("hex", 1);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-${variant}${rest.slice(3, 5)}-${rest.slice(5, 17)}`;
}
