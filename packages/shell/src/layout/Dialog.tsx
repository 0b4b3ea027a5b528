import { type ReactNode, useEffect, useId, useRef } from "react";

/** The props of {@link Dialog}. */
export interface DialogProps {
  readonly title: string;
  /** Called when the user wants to close it; undefined: it cannot be closed. */
  readonly onClose?: (() => void) | undefined;
  /** `side` and `start`: at the end or the begin of a line, over the full height. Default: `center`. */
  readonly place?: "center" | "top" | "side" | "start";
  readonly children?: ReactNode;
}

/** A modal dialog of the shell. */
export function Dialog({ title, onClose, place = "center", children }: DialogProps): ReactNode {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    // A press on the backdrop is one on the dialog itself. The keyboard has Escape.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <dialog
      ref={element}
      className="shell-dialog"
      data-place={place}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      onClick={(event) => {
        if (event.target === element.current) onClose?.();
      }}
    >
      <div className="shell-dialog-content">
        <h2 id={titleId}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}
