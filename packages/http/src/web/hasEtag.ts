/** Whether If-None-Match has an ETag. */
export function hasEtag(header: string | undefined, etag: string): boolean {
  return header?.split(",").some((each) => each.trim().replace(/^W\//, "") === etag) === true;
}
