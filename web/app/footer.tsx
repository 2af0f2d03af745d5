import { useLive } from '../api/live';
import { Dot } from '../parts/bits';
import { bytes, exact, millis } from '../parts/numbers';

/** plan version · kernel mode per interface · ledger lag · lost: what one wants to know before one
 * believes the page above. */
export function Footer() {
  const { tick } = useLive();
  if (tick === null) {
    return <footer className="foot" aria-busy="true" />;
  }
  const { footer } = tick;
  const { store } = footer;
  const off = footer.interfaces.length === 0;
  return (
    <footer className="foot">
      <span>plan {footer.planVersion}</span>
      <span title={footer.kernelSentence}>
        {off ? (
          <Dot tone="quiet">kernel off</Dot>
        ) : (
          footer.interfaces.map((each) => (
            <span className="foot-interface" key={each.name}>
              {each.name} <b>{each.mode}</b>
            </span>
          ))
        )}
      </span>
      <span title="How far the ledger is behind the data plane">
        ledger {millis(footer.ledgerLagMillis)}
      </span>
      <span title={`${exact(footer.ledgerLost)} calls without a ledger line since the start`}>
        {footer.ledgerLost === 0 ? (
          'lost 0'
        ) : (
          <Dot tone="error">lost {exact(footer.ledgerLost)}</Dot>
        )}
      </span>
      <span title={`${store.sentence} ${exact(store.rows)} calls kept`}>
        {store.state === 'failing' ? (
          <Dot tone="error">history failing</Dot>
        ) : (
          `history ${store.state === 'running' ? bytes(store.bytes) : store.state}`
        )}
      </span>
    </footer>
  );
}
