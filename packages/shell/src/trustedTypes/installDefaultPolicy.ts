interface TrustedTypes {
  createPolicy(
    name: "default",
    rules: {
      readonly createHTML: (text: string) => string | null;
      readonly createScriptURL: (url: string) => string | null;
    },
  ): unknown;
}

/**
 * Decides on texts that code hands to the page as HTML or as the URL of a script, where the browser has Trusted Types and the site
 * asks for them. A module that makes HTML needs a policy of its own, which cleans it.
 */
export function installDefaultPolicy(): void {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };
  trustedTypes?.createPolicy("default", {
    // React Aria empties elements in this way.
    createHTML: (text) => (text === "" ? text : null),
    // Service workers and workers: files of the site.
    createScriptURL: (url) => (URL.parse(url, location.href)?.origin === location.origin ? url : null),
  });
}
