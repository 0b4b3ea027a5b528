import { PeekError } from "@peek/errors";

/** Describes a folder that cannot be packed; `what` is the rest of the sentence, with what to do. */
export function packError(dir: string, what: string, cause?: unknown): PeekError {
  return new PeekError("PLUGIN_NOT_PACKABLE", `${dir} ${what}`, {
    ...(cause !== undefined && { cause }),
    fields: { dir },
  });
}
