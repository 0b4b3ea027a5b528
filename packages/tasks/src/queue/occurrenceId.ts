import { createHash } from "node:crypto";
import { queueText, type QueueName } from "./QueueName.ts";

/**
 * The id of the task that a schedule queues at a time: a UUID of version 7, like all others, but the same whoever makes it. So two
 * logic services need not agree on who queues it: the one that is later finds it there.
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
