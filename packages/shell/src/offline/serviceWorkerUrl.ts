import { webPaths } from "@peek/web/protocol";

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): {
    createScriptURL(url: string): string;
  };
}

/** The URL of the service worker, as trusted where the browser asks for that. */
export function serviceWorkerUrl(): string {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };
  if (trustedTypes === undefined) return webPaths.serviceWorker;
  const policy = trustedTypes.createPolicy("peek-shell", { createScriptURL: () => webPaths.serviceWorker });
  return policy.createScriptURL("");
}
