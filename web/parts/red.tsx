import type { Rate } from '../api/generated';
import { bytes, exact, millis, percent, rate as rateText } from './numbers';

/** Rate, errors and duration of the last minute. */
export function Numbers({ rate }: { rate: Rate }) {
  const { p50Micros, p95Micros, p99Micros } = rate.latency;
  const text = (micros: number | null) => millis(micros === null ? null : micros / 1000);
  return (
    <div className="numbers">
      <span title={`${exact(rate.calls)} calls in the last minute`}>
        <b>{rateText(rate.callsPerSecond)}</b>
        <small>calls</small>
      </span>
      <span
        title={`${exact(rate.errors)} of ${exact(rate.calls)} calls`}
        className={rate.errors > 0 ? 'tone-error' : ''}
      >
        <b>{percent(rate.calls === 0 ? 0 : rate.errors / rate.calls)}</b>
        <small>errors</small>
      </span>
      <span>
        <b>{text(p50Micros)}</b>
        <small>p50</small>
      </span>
      <span>
        <b>{text(p95Micros)}</b>
        <small>p95</small>
      </span>
      <span>
        <b>{text(p99Micros)}</b>
        <small>p99</small>
      </span>
      {rate.packetsIn > 0 && <PacketNumbers rate={rate} />}
    </div>
  );
}

/** What the kernel counted of these calls on their clients' connections. */
function PacketNumbers({ rate }: { rate: Rate }) {
  const packets = rate.packetsIn + rate.packetsOut;
  const seconds = rate.callsPerSecond > 0 ? rate.calls / rate.callsPerSecond : 60;
  return (
    <>
      <span title={`${exact(rate.packetsIn)} in, ${exact(rate.packetsOut)} out`}>
        <b>{rateText(packets / Math.max(1, seconds))}</b>
        <small>packets</small>
      </span>
      <span title="HTTP bytes of a call in each direction, on average">
        <b>{bytes(Math.round((rate.bytesIn + rate.bytesOut) / Math.max(1, rate.calls)))}</b>
        <small>a call</small>
      </span>
      <span
        title={`${exact(rate.resent)} of ${exact(packets)} packets`}
        className={rate.resent > packets / 100 ? 'tone-warning' : ''}
      >
        <b>{percent(rate.resent / packets)}</b>
        <small>sent again</small>
      </span>
    </>
  );
}
