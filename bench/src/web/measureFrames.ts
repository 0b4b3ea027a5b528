import type { Page } from "playwright-core";

/** How a page kept up for a while. */
export interface Frames {
  /** Frames that took more than 50 ms. */
  readonly long: number;
  /** Milliseconds of the longest frame. */
  readonly longest: number;
  /** The share of one core that the page's main thread used, in percent. */
  readonly busy: number;
}

/** Measures the frames of a page. @param ms Milliseconds. */
export async function measureFrames(page: Page, ms: number): Promise<Frames> {
  const devTools = await page.context().newCDPSession(page);
  await devTools.send("Performance.enable");
  const busySeconds = async (): Promise<number> => {
    const { metrics } = await devTools.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
  };
  const before = await busySeconds();
  const gaps = await page.evaluate<number[]>(`new Promise((resolve) => {
    const gaps = [];
    const end = performance.now() + ${ms};
    let last = performance.now();
    const frame = () => {
      const now = performance.now();
      gaps.push(now - last);
      last = now;
      if (now < end) requestAnimationFrame(frame);
      else resolve(gaps);
    };
    requestAnimationFrame(frame);
  })`);
  const busy = ((await busySeconds()) - before) / (ms / 1000);
  await devTools.detach();
  return { long: gaps.filter((gap) => gap > 50).length, longest: Math.max(...gaps), busy: busy * 100 };
}
