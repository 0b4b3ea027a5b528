import { type RefObject, useEffect, useState } from "react";

const initialPx = 36;

/** The height of a row in pixels, which the density sets: that of the table's header. */
export function useRowHeight(header: RefObject<HTMLElement | null>): number {
  const [height, setHeight] = useState(initialPx);
  useEffect(() => {
    const element = header.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setHeight(element.offsetHeight || initialPx));
    observer.observe(element);
    return () => observer.disconnect();
  }, [header]);
  return height;
}
