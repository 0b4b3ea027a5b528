import { useEffect } from "react";

/** Has the browser fetch a module, without running it, so that it is there when the user takes it. @param url Undefined: none. */
export function usePreloadedModule(url: string | undefined): void {
  useEffect(() => {
    if (url === undefined) return undefined;
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = url;
    document.head.append(link);
    return () => link.remove();
  }, [url]);
}
