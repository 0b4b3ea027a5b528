export { peekWeb } from "./peekWeb.ts";
export type { PeekWebOptions } from "./PeekWebOptions.ts";
