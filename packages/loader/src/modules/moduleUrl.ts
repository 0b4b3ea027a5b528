/** The name of the query parameter in the URL of a module that has the version of its package. */
const parameter = "v";

/** The URL of a module in a version of its package. */
export function versionedUrl(url: string, version: string | undefined): string {
  if (version === undefined) return url;
  return `${url}${url.includes("?") ? "&" : "?"}${parameter}=${version}`;
}

/** The version in the URL of a module, or in a frame of a stack that names one. */
export function versionIn(text: string): string | undefined {
  return /[?&]v=([\w.]+)/.exec(text)?.[1];
}
