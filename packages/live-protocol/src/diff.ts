import type { Changes } from "./Changes.ts";
import { longestIncreasingSubsequence } from "./longestIncreasingSubsequence.ts";

/** The changes from one list of rows to another, each in the order of its map. As few rows as possible are moved. */
export function diff(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Changes<string> {
  const removed: string[] = [];
  const updated: [string, string][] = [];
  const inserted: [number, string, string][] = [];
  for (const key of before.keys()) if (!after.has(key)) removed.push(key);
  const moved = movedKeys(before, after);
  let place = 0;
  for (const [key, text] of after) {
    const old = before.get(key);
    if (old === undefined) inserted.push([place, key, text]);
    else if (moved.has(key)) {
      removed.push(key);
      inserted.push([place, key, text]);
    } else if (old !== text) updated.push([key, text]);
    place += 1;
  }
  return { removed, updated, inserted };
}

const none: ReadonlySet<string> = new Set();

/** The fewest keys of both lists such that all other common keys are in the same order in both. */
function movedKeys(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): ReadonlySet<string> {
  if (isInOrder(before, after)) return none;
  const places = new Map<string, number>();
  for (const key of before.keys()) places.set(key, places.size);
  const keys: string[] = [];
  const order: number[] = [];
  for (const key of after.keys()) {
    const place = places.get(key);
    if (place === undefined) continue;
    keys.push(key);
    order.push(place);
  }
  const kept = new Set(longestIncreasingSubsequence(order));
  return new Set(keys.filter((_, index) => !kept.has(index)));
}

function isInOrder(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): boolean {
  const common = before.keys().filter((key) => after.has(key));
  for (const key of after.keys()) if (before.has(key) && common.next().value !== key) return false;
  return true;
}
