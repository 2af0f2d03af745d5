import { Modal } from '@mantine/core';
import { useMemo, useState, type KeyboardEvent } from 'react';
import { useApis } from '../api/queries';
import { navigation } from './pages';
import { linkTo, navigate } from './router';

type Choice = { readonly title: string; readonly kind: string; readonly to: string };

const CALL = /^[0-9a-z]{13}$/i;
const ADDRESS = /^[0-9a-f.:]{3,39}(\/\d{1,3})?$/i;

/** ⌘K: type where to go. A call id opens that call, an address shows its calls. */
export function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const apis = useApis();
  const choices = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    const all: Choice[] = [
      ...navigation.map(({ page }) => ({ title: page.title, kind: 'page', to: linkTo(page.path) })),
      ...(apis.data?.items ?? []).map((api) => ({
        title: api.title ?? api.name,
        kind: `API ${api.path}`,
        to: linkTo(`/apis/${api.name}`),
      })),
    ];
    const found = all.filter((each) => `${each.title} ${each.kind}`.toLowerCase().includes(wanted));
    if (CALL.test(wanted)) {
      found.unshift({ title: wanted, kind: 'open this call', to: linkTo(`/calls/${wanted}`) });
    } else if (ADDRESS.test(wanted) && /[.:]/.test(wanted)) {
      found.unshift({
        title: wanted,
        kind: 'calls from this address',
        to: linkTo('/calls', { source: wanted }),
      });
    }
    return found;
  }, [text, apis.data]);
  const go = (choice: Choice | undefined) => {
    if (choice !== undefined) {
      onClose();
      navigate(choice.to);
    }
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setAt(Math.min(choices.length - 1, Math.max(0, at + step)));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      go(choices[at]);
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size="lg"
      yOffset="12vh"
      classNames={{ content: 'palette' }}
    >
      <input
        className="palette-input"
        placeholder="A page, an API, a call id, an address"
        aria-label="Go to"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-choices"
        aria-activedescendant={`choice-${at}`}
        value={text}
        data-autofocus
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <ul id="palette-choices" role="listbox" className="palette-choices">
        {choices.map((choice, index) => (
          <li
            key={choice.to + choice.kind}
            id={`choice-${index}`}
            role="option"
            aria-selected={index === at}
            onPointerMove={() => setAt(index)}
            onClick={() => go(choice)}
          >
            <span>{choice.title}</span> <small>{choice.kind}</small>
          </li>
        ))}
        {choices.length === 0 && (
          <li className="palette-none">
            Nothing is called like that. A call id has 13 characters.
          </li>
        )}
      </ul>
    </Modal>
  );
}
