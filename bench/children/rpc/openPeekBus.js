import { openNatsBus, openWsBus } from "../openBus.js";

/** The bus that the bench requests, and a promise of its connection. */
export function openPeekBus({ service, natsUrl, ...where }) {
  const { bus, member } =
    natsUrl === undefined ? openWsBus(service, where) : openNatsBus(service, { natsUrl, ...where });
  const { promise, resolve } = Promise.withResolvers();
  bus.onState((state) => {
    if (state === "connected") resolve();
  });
  return { bus, member, connected: promise };
}
