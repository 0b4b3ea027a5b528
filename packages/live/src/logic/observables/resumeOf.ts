import type { Position, Resume } from "@peek/live-protocol";

/** What a follower has from before; a digest that is undefined is none. */
export function resumeOf(at: (Position & { readonly digest?: string | undefined }) | undefined): Resume | undefined {
  if (at === undefined) return undefined;
  const { epoch, offset, digest } = at;
  return digest === undefined ? { epoch, offset } : { epoch, offset, digest };
}
