import type { PacketLayer } from '../../api/generated';
import type { Span } from './anatomy';

const ROW = 16;

/** The bytes as a dump: offset, hexadecimal, characters. Pointing at one shows its field. */
export function Hex({
  hex,
  layers,
  shown,
  onHover,
  onPin,
}: {
  hex: string;
  layers: ReadonlyArray<PacketLayer>;
  shown: Span | null;
  onHover: (span: Span | null) => void;
  onPin: (span: Span | null) => void;
}) {
  const count = hex.length / 2;
  const rows = Array.from({ length: Math.ceil(count / ROW) }, (_, row) => row * ROW);
  return (
    <div className="anatomy-hex mono" onMouseLeave={() => onHover(null)}>
      {rows.map((start) => (
        <div className="hex-row" key={start}>
          <span className="faint">{start.toString(16).padStart(4, '0')}</span>
          <span>
            {bytesOf(start, count).map((at) => (
              <i
                key={at}
                className={classOf(at, layers, shown)}
                onMouseEnter={() => onHover(fieldAt(at, layers))}
                onClick={() => onPin(fieldAt(at, layers))}
              >
                {hex.slice(2 * at, 2 * at + 2)}
              </i>
            ))}
          </span>
          <span>
            {bytesOf(start, count).map((at) => (
              <b key={at} className={within(at, shown) ? 'pointed' : undefined}>
                {character(Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16))}
              </b>
            ))}
          </span>
        </div>
      ))}
    </div>
  );
}

function bytesOf(start: number, count: number): ReadonlyArray<number> {
  return Array.from({ length: Math.min(ROW, count - start) }, (_, i) => start + i);
}

function character(code: number): string {
  return code >= 32 && code < 127 ? String.fromCharCode(code) : '·';
}

function within(at: number, span: Span | null): boolean {
  return span !== null && at >= span.offset && at < span.offset + span.length;
}

function classOf(at: number, layers: ReadonlyArray<PacketLayer>, shown: Span | null): string {
  const layer = layers.find((each) => within(at, each));
  const part = layer === undefined ? '' : `part-${layer.part}`;
  return within(at, shown) ? `${part} pointed` : part;
}

/** The smallest field that a byte belongs to, or its layer. */
export function fieldAt(at: number, layers: ReadonlyArray<PacketLayer>): Span | null {
  let found: Span | null = null;
  for (const layer of layers) {
    for (const span of [layer, ...layer.fields]) {
      if (within(at, span) && (found === null || span.length < found.length)) {
        found = span;
      }
    }
  }
  return found;
}
