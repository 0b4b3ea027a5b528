import type { ReactNode } from "react";
import "./kit.css";

interface ExampleProps {
  /** The name of the component. */
  readonly name: string;
  /** Whether it takes the whole width. Default: false. */
  readonly isWide?: boolean;
  readonly children: ReactNode;
}

/** A component below its name. */
export function Example({ name, isWide = false, children }: ExampleProps): ReactNode {
  return (
    <section className={isWide ? "example wide" : "example"}>
      <h2>{name}</h2>
      {children}
    </section>
  );
}
