export { PeekProvider, type PeekProviderProps } from "./PeekProvider.ts";
export { useAction } from "./useAction.ts";
export { useConnection } from "./useConnection.ts";
export { useObservable } from "./useObservable.ts";
export { usePeek } from "./usePeek.ts";
export { usePending } from "./usePending.ts";
