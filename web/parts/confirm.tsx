import { Button, Modal, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { FailedWith } from './states';

type Props = {
  readonly title: string;
  readonly children: ReactNode;
  readonly action: string;
  /** For what takes nothing away from anybody. */
  readonly calm?: boolean;
  /** What must be typed before the button works; absent for acts that can be undone. */
  readonly typed?: string;
  readonly pending: boolean;
  readonly error: Error | null;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
};

/** Asks before something is done that others will feel. */
export function Confirm({
  title,
  children,
  action,
  calm = false,
  typed,
  pending,
  error,
  onConfirm,
  onClose,
}: Props) {
  const [text, setText] = useState('');
  const ready = typed === undefined || text === typed;
  return (
    <Modal opened onClose={onClose} title={title} centered>
      <form
        className="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) {
            onConfirm();
          }
        }}
      >
        <div>{children}</div>
        {typed !== undefined && (
          <TextInput
            data-autofocus
            label={
              <>
                Type <code>{typed}</code> to confirm
              </>
            }
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autoComplete="off"
          />
        )}
        {error !== null && <FailedWith error={error} />}
        <div className="dialog-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            {...(calm ? {} : { color: 'red.8' })}
            disabled={!ready}
            loading={pending}
          >
            {action}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
