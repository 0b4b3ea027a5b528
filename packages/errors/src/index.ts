export { cutText } from "./cutText.ts";
export { isPeekErrorCode } from "#codes";
export { errorCatalogue, type CatalogueEntry, type PeekErrorCode } from "./catalogue.ts";
export { ExitCode } from "./exitCodes.ts";
export { PeekError, type PeekErrorFields, type PeekErrorOptions } from "./PeekError.ts";
export { describeValue, messageOf, toError } from "./toError.ts";
