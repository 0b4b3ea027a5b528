import { z } from "zod";
import { pluginInStack } from "./pluginInStack.ts";

/** From this duration on, a person takes the app for broken. */
const blockedMs = 2000;

const frameSchema = z.object({
  duration: z.number(),
  scripts: z.array(z.object({ duration: z.number(), sourceURL: z.string() })),
});

/**
 * Calls back when the code of a plugin has blocked the app for seconds, where the browser has long animation frames. For a handler of an
 * event, the browser names React, which has called it: it is then attributed to the plugin whose page is open.
 *
 * @param openPlugin The plugin whose page is open.
 * @param blocked Gets the plugin, and the duration in ms.
 * @returns The end of this.
 */
export function watchBlocking(
  openPlugin: () => string | undefined,
  blocked: (plugin: string, durationMs: number) => void,
): Disposable {
  const type = "long-animation-frame";
  if (!PerformanceObserver.supportedEntryTypes.includes(type)) return { [Symbol.dispose]: () => undefined };
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.duration < blockedMs) continue;
      const frame = frameSchema.safeParse(entry);
      if (!frame.success) continue;
      const longest = frame.data.scripts.toSorted((one, other) => other.duration - one.duration)[0];
      const plugin = pluginInStack(longest?.sourceURL) ?? openPlugin();
      if (plugin !== undefined) blocked(plugin, entry.duration);
    }
  });
  observer.observe({ type, buffered: false });
  return { [Symbol.dispose]: () => observer.disconnect() };
}
