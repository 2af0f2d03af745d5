import { useState } from 'react';
import type { CapturePacket, PacketLayer } from '../../api/generated';
import { useCapturePacket } from '../../api/queries';
import { Link } from '../../app/router';
import { Card, copyText, Dot } from '../../parts/bits';
import { Answer } from '../../parts/states';
import { Hex } from './hex';

/** A stretch of bytes. */
export type Span = { readonly offset: number; readonly length: number };

/** A packet taken apart: fields by layer on one side, bytes on the other, each showing where the
 * other stands; the verdict on top. */
export function Anatomy({
  capture,
  packet,
  onClose,
}: {
  capture: string;
  packet: string;
  onClose: () => void;
}) {
  const detail = useCapturePacket(capture, packet);
  return (
    <Card
      title={`Packet ${packet}`}
      aside={
        <button type="button" className="plain-button small" onClick={onClose}>
          Close
        </button>
      }
    >
      <Answer of={detail} rows={8}>
        {(data) => <Taken key={packet} packet={data} />}
      </Answer>
    </Card>
  );
}

function Taken({ packet }: { packet: CapturePacket }) {
  const [pinned, setPinned] = useState<Span | null>(null);
  const [hovered, setHovered] = useState<Span | null>(null);
  const shown = hovered ?? pinned;
  return (
    <>
      <Verdict packet={packet} />
      <div className="anatomy">
        <Layers layers={packet.layers} shown={shown} onHover={setHovered} onPin={setPinned} />
        <Hex
          hex={packet.hex}
          layers={packet.layers}
          shown={shown}
          onHover={setHovered}
          onPin={setPinned}
        />
      </div>
    </>
  );
}

function Verdict({ packet }: { packet: CapturePacket }) {
  const { line } = packet;
  const passed = !line.dropped && !/^(passed|would)/.test(line.comment);
  const comment = passed ? ['passed', line.comment].filter(Boolean).join('; ') : line.comment;
  return (
    <p className="anatomy-verdict">
      <Dot tone={line.dropped ? 'dropped' : 'passed'}>
        {line.out ? `left through ${line.interfaceName}` : comment}
      </Dot>
      <span className="faint">
        {line.at} · {line.interfaceName} · {line.wire} bytes
        {packet.note === '' ? '' : ` · ${packet.note}`}
      </span>
      {line.call !== null && (
        <Link to={`/calls/${line.call}`} className="mono">
          call {line.call}
        </Link>
      )}
      <button type="button" className="plain-button small" onClick={() => copyText(packet.hex)}>
        Copy hex
      </button>
    </p>
  );
}

type Pointing = {
  readonly shown: Span | null;
  readonly onHover: (span: Span | null) => void;
  readonly onPin: (span: Span | null) => void;
};

function Layers({
  layers,
  shown,
  onHover,
  onPin,
}: Pointing & { layers: ReadonlyArray<PacketLayer> }) {
  return (
    <div className="anatomy-layers" onMouseLeave={() => onHover(null)}>
      {layers.map((layer) => (
        <details
          key={`${layer.protocol}${layer.offset}${layer.part}`}
          className={`anatomy-layer part-${layer.part}`}
          open
        >
          <summary onMouseEnter={() => onHover(layer)} onFocus={() => onHover(layer)}>
            <span className="tag">{layer.part}</span> {layer.title}
          </summary>
          <ul>
            {layer.fields.map((field) => (
              <li key={`${field.name}${field.offset}${field.value}`}>
                <button
                  type="button"
                  className={covers(shown, field) ? 'pointed' : undefined}
                  title={field.name}
                  onMouseEnter={() => onHover(field)}
                  onFocus={() => onHover(field)}
                  onClick={() => onPin(field)}
                >
                  <span className="faint">{field.label}</span>
                  <span className="mono">{field.value}</span>
                </button>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </div>
  );
}

/** Whether a field lies within what is pointed at; what is computed has no place. */
function covers(shown: Span | null, field: Span): boolean {
  return (
    shown !== null &&
    field.length > 0 &&
    field.offset < shown.offset + shown.length &&
    shown.offset < field.offset + field.length
  );
}
