import { randomBytes } from "node:crypto";
import type { Row } from "./MemoryChannel.ts";

/** A text that does not compress well. @param length In characters. */
export function noise(length: number): string {
  return randomBytes(length).toString("base64").slice(0, length);
}

/**
 * The rows of a channel before a change by {@link largeText}: the change is shorter than all rows, so that it is sent as a delta,
 * which is not compressed.
 */
export const firstRows: readonly Row[] = [
  { id: 0, text: "first" },
  { id: 99, text: noise(1000) },
];

/** More than the system takes for a browser that does not read, and not more than a channel keeps of its past. */
export const largeText: string = noise(7 * 1024 * 1024);
