import { useEffect, useState } from "react";

/** A value that changes at most once per interval, and is the latest one after it. @param intervalMs Milliseconds. */
export function useSettled<T>(value: T, intervalMs: number): T {
  const [settled, setSettled] = useState({ value, at: 0 });
  const { at } = settled;
  const isSettled = settled.value === value;
  useEffect(() => {
    if (isSettled) return undefined;
    const waitMs = Math.max(0, at + intervalMs - performance.now());
    const timer = setTimeout(() => setSettled({ value, at: performance.now() }), waitMs);
    return () => clearTimeout(timer);
  }, [value, isSettled, at, intervalMs]);
  return settled.value;
}
