import { type ReactNode, useContext } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { OverlayContainerContext } from "../host/OverlayContainerContext.ts";
import { useKitTexts } from "../locale/useKitTexts.ts";
import { Button } from "./Button.tsx";

/** The props of {@link Dialog}. */
export interface DialogProps {
  readonly title: string;
  readonly isOpen: boolean;
  /** Called when the user wants to close it: by the button, Escape, or a press beside it. */
  readonly onClose: () => void;
  /** The buttons at the end. Default: one that closes it. */
  readonly actions?: ReactNode;
  /** Whether the user has to answer it before anything else: a press beside it does not close it. Default: false. */
  readonly isAlert?: boolean;
  readonly children?: ReactNode;
}

/** A dialog on top of the app. */
export function Dialog({ title, isOpen, onClose, actions, isAlert = false, children }: DialogProps): ReactNode {
  const texts = useKitTexts();
  const container = useContext(OverlayContainerContext);
  return (
    <ModalOverlay
      className="peek-backdrop"
      isOpen={isOpen}
      isDismissable={!isAlert}
      onOpenChange={(isNowOpen) => {
        if (!isNowOpen) onClose();
      }}
      {...(container !== null && { UNSTABLE_portalContainer: container })}
    >
      <Modal className="peek-modal">
        <AriaDialog className="peek-dialog" role={isAlert ? "alertdialog" : "dialog"}>
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          <div className="peek-dialog-content">{children}</div>
          <div className="peek-actions">{actions ?? <Button onPress={onClose}>{texts.close}</Button>}</div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
