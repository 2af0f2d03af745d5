import { useSnapshot } from '../api/queries';
import { Failed } from './states';

/** The newest configuration may not be the one in force; then its faults stand on every page. */
export function Refused() {
  const snapshot = useSnapshot();
  const configuration = snapshot.data?.configuration;
  if (configuration?.state !== 'refused') {
    return null;
  }
  return (
    <Failed
      title={`The newest ${configuration.file ?? 'configuration'} was refused; plan ${snapshot.data?.version ?? ''} stays in force`}
      detail={configuration.faults.map((fault) => (
        <span className="fault" key={fault.message + fault.line}>
          <code>
            {[fault.file, fault.line, fault.column].filter((part) => part !== null).join(':')}
          </code>{' '}
          {fault.message}
        </span>
      ))}
    />
  );
}
