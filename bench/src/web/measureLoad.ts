import type { BrowserContext } from "playwright-core";

/** How many times slower the processor of the page is than the machine's. */
export const slowdown = 4;

/** Milliseconds from the navigation until an element is there, and nothing keeps the page from answering. */
export async function measureLoad(person: BrowserContext, url: string, selector: string): Promise<number> {
  const page = await person.newPage();
  try {
    const devTools = await person.newCDPSession(page);
    await devTools.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
    await page.addInitScript(`
      globalThis.interactive = new Promise((resolve) => {
        const look = () => {
          if (document.querySelector(${JSON.stringify(selector)}) === null) return;
          observer.disconnect();
          // The frame that shows it, and all that waits before the next task.
          requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
        };
        const observer = new MutationObserver(look);
        observer.observe(document, { childList: true, subtree: true });
      });`);
    await page.goto(url, { waitUntil: "commit" });
    return await page.evaluate<number>("interactive");
  } finally {
    await page.close();
  }
}
