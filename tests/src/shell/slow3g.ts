import type { LinkQuality } from "../SlowLink.ts";

/** 400 kbit/s towards the browser, a round trip of 400 ms, and 5 % of packets that arrive later. */
export const slow3g: LinkQuality = { delayMs: 200, lossPercent: 5, bytesPerSecond: 50_000 };
