/** A module, one of its files, or its `start` has failed: nothing of it was shown. */
export class ImportError extends Error {
  override readonly name = "ImportError";

  constructor(cause: unknown) {
    super(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause), { cause });
  }
}
