import { useCallback, useState } from "react";

/** The error message of the last push, until another push succeeds; and a function that tracks a push. */
export function useLastError(): readonly [message: string | undefined, track: (push: Promise<unknown>) => void] {
  const [message, setMessage] = useState<string>();
  const track = useCallback((push: Promise<unknown>): void => {
    push.then(
      () => setMessage(undefined),
      (error: unknown) => setMessage(error instanceof Error ? error.message : String(error)),
    );
  }, []);
  return [message, track];
}
