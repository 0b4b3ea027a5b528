import { callerStack } from "./callerStack.ts";
import type { ResourceOwner } from "./ResourceOwner.ts";

/** Replaces `setInterval` and `clearInterval`. @returns The end of this. */
export function watchIntervals(owner: ResourceOwner): Disposable {
  const { setInterval, clearInterval } = globalThis;
  const keys = new Map<unknown, object>();
  const replaced = {
    setInterval: (...args: Parameters<typeof setInterval>) => {
      const id = setInterval(...args);
      const key = owner.take({ what: "an interval", stack: callerStack() });
      if (key !== undefined) keys.set(id, key);
      return id;
    },
    clearInterval: (id?: Parameters<typeof clearInterval>[0]) => {
      const key = keys.get(id);
      keys.delete(id);
      if (key !== undefined) owner.release(key);
      clearInterval(id);
    },
  };
  Object.assign(globalThis, replaced);
  return { [Symbol.dispose]: () => void Object.assign(globalThis, { setInterval, clearInterval }) };
}
