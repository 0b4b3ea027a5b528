export { cutText } from "./cutText.ts";
export { isPeekErrorCode } from "#codes";
export type { CatalogueEntry } from "./catalogue/CatalogueEntry.ts";
export { errorCatalogue, type PeekErrorCode } from "./catalogue/errorCatalogue.ts";
export { ExitCode } from "./exitCodes.ts";
export { PeekError, type PeekErrorFields, type PeekErrorOptions } from "./PeekError.ts";
export { describeValue, messageOf, toError } from "./toError.ts";
