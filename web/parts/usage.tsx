import type { Usage } from '../api/generated';
import { useUsage } from '../api/queries';
import { Card, Fact } from './bits';
import { bytes, exact, percent } from './numbers';
import { Answer } from './states';

/** Calls, bytes and packets of one API or consumer over the last day. */
export function UsageCard({ by, of }: { by: 'api' | 'consumer'; of: string }) {
  const usage = useUsage(by);
  return (
    <Card title="The last day">
      <Answer of={usage} rows={2}>
        {(data) => <Facts item={data.items.find((item) => item.key === of)} />}
      </Answer>
    </Card>
  );
}

function Facts({ item }: { item: Usage['items'][number] | undefined }) {
  if (item === undefined) {
    return <p className="faint">No calls in the last day.</p>;
  }
  const packets = item.packetsIn + item.packetsOut;
  return (
    <dl className="facts">
      <Fact name="calls">{exact(item.calls)}</Fact>
      <Fact name="errors">{exact(item.errors)}</Fact>
      <Fact name="refused">{exact(item.refused)}</Fact>
      <Fact name="bytes in">{bytes(item.bytesIn)}</Fact>
      <Fact name="bytes out">{bytes(item.bytesOut)}</Fact>
      <Fact name="packets in">{exact(item.packetsIn)}</Fact>
      <Fact name="packets out">{exact(item.packetsOut)}</Fact>
      <Fact name="bytes a packet">
        {packets === 0 ? 'unknown' : bytes(Math.round((item.bytesIn + item.bytesOut) / packets))}
      </Fact>
      <Fact name="sent again">
        {packets === 0 ? 'unknown' : `${exact(item.resent)} (${percent(item.resent / packets)})`}
      </Fact>
    </dl>
  );
}
