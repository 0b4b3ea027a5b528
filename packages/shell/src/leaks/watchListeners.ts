import { callerStack } from "./callerStack.ts";
import type { ResourceOwner } from "./ResourceOwner.ts";

type Options = boolean | AddEventListenerOptions | undefined;

/** Replaces `addEventListener` and `removeEventListener` of window and document. @returns The end of this. */
export function watchListeners(owner: ResourceOwner): Disposable {
  const ends = [watchTarget(window, "window", owner), watchTarget(document, "document", owner)];
  return {
    [Symbol.dispose]: () => {
      for (const end of ends) end[Symbol.dispose]();
    },
  };
}

function watchTarget(target: EventTarget, name: string, owner: ResourceOwner): Disposable {
  const add = target.addEventListener.bind(target);
  const remove = target.removeEventListener.bind(target);
  const keys = new Map<unknown, Map<string, object>>();
  const release = (type: string, listener: unknown, options: Options): void => {
    const ofListener = keys.get(listener);
    const key = ofListener?.get(kindOf(type, options));
    if (key === undefined) return;
    ofListener?.delete(kindOf(type, options));
    if (ofListener?.size === 0) keys.delete(listener);
    owner.release(key);
  };
  const replaced = {
    addEventListener: (type: string, listener: EventListenerOrEventListenerObject | null, options?: Options) => {
      add(type, listener, options);
      if (typeof options === "object" && (options.once === true || options.signal?.aborted === true)) return;
      const key = owner.take({ what: `a listener for "${type}" on ${name}`, stack: callerStack() });
      if (key === undefined) return;
      const ofListener = keys.get(listener) ?? new Map<string, object>();
      keys.set(listener, ofListener.set(kindOf(type, options), key));
      if (typeof options === "object")
        options.signal?.addEventListener("abort", () => release(type, listener, options));
    },
    removeEventListener: (type: string, listener: EventListenerOrEventListenerObject | null, options?: Options) => {
      release(type, listener, options);
      remove(type, listener, options);
    },
  };
  Object.assign(target, replaced);
  return { [Symbol.dispose]: () => void Object.assign(target, { addEventListener: add, removeEventListener: remove }) };
}

/** Browsers tell listeners apart by these. */
function kindOf(type: string, options: Options): string {
  return `${type} ${typeof options === "object" ? options.capture === true : options === true}`;
}
