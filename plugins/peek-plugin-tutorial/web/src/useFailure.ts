import { useCallback, useState } from "react";

/** Why the last press did not work, for people; and what tells of the next one. */
export function useFailure(): readonly [string | undefined, (press: Promise<unknown>) => void] {
  const [failure, setFailure] = useState<string>();
  const tell = useCallback((press: Promise<unknown>): void => {
    press.then(
      () => setFailure(undefined),
      (error: unknown) => setFailure(error instanceof Error ? error.message : String(error)),
    );
  }, []);
  return [failure, tell];
}
