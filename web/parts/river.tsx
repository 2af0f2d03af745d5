import { useEffect, useRef, useState } from 'react';
import { setFilter, type FilterName } from '../app/router';
import type { River as RiverData } from '../api/generated';
import { exact, short } from './numbers';
import { layOut, NODE_WIDTH, type Band, type Node } from './river-layout';

const HEIGHT = 250;
const HEADS = ['sources', 'kernel', 'gateway', 'outcome', 'upstreams'] as const;
const PAD = 148;

/** The journey of a second, drawn: who sends, what the kernel drops and why, how calls end and
 * who answered them. Every band that stands for something filterable is a filter. */
export function River({ river }: { river: RiverData }) {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(1000);
  useEffect(() => {
    const element = place.current;
    if (element === null) {
      return undefined;
    }
    const observer = new ResizeObserver(() => setWidth(Math.max(760, element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { nodes, bands } = layOut(river, width - 2 * PAD, HEIGHT);
  return (
    <div
      className="river"
      ref={place}
      tabIndex={0}
      role="region"
      aria-label="The river: sources, kernel, gateway, outcomes, upstreams"
    >
      <svg width={width} height={HEIGHT + 34} role="img" aria-label={sentence(bands)}>
        <g transform={`translate(${PAD} 28)`}>
          {HEADS.map((head, index) => (
            <text
              key={head}
              className="river-head"
              x={(index * (width - 2 * PAD - NODE_WIDTH)) / 4 + NODE_WIDTH / 2}
              y={-14}
              textAnchor="middle"
            >
              {head}
              <tspan>{index < 2 ? '  packets/s' : index === 2 ? '  calls/s' : ''}</tspan>
            </text>
          ))}
          {bands.map((band) => (
            <BandPath key={band.id} band={band} />
          ))}
          {nodes.map((node) => (
            <NodeBox key={node.id} node={node} />
          ))}
        </g>
      </svg>
      {bands.length === 0 && (
        <p className="river-quiet">
          Nothing flows at this moment. Send a request and it appears here.
        </p>
      )}
    </div>
  );
}

function BandPath({ band }: { band: Band }) {
  const x0 = band.from.x + NODE_WIDTH;
  const x1 = band.to.x;
  const half = (x1 - x0) / 2;
  const path = `M${x0} ${band.fromY}C${x0 + half} ${band.fromY} ${x1 - half} ${band.toY} ${x1} ${band.toY}`;
  return (
    <path
      d={path}
      className={`river-band tone-${toneOf(band.to, band.from)}`}
      strokeWidth={band.width}
    >
      <title>{`${band.from.name} → ${band.to.name}: ${exact(band.perSecond)} ${band.unit}/s`}</title>
    </path>
  );
}

function NodeBox({ node }: { node: Node }) {
  const left = node.column < 1;
  const x = left ? -8 : NODE_WIDTH + 8;
  const filter = filterOf(node);
  const act = () => filter !== null && setFilter(filter.name, filter.value);
  return (
    <g
      transform={`translate(${node.x} ${node.y})`}
      className={`river-node tone-${toneOf(node, node)}`}
      {...(filter === null
        ? {}
        : {
            role: 'button',
            tabIndex: 0,
            onClick: act,
            onKeyDown: (event: React.KeyboardEvent) => event.key === 'Enter' && act(),
            'data-filter': true,
          })}
    >
      <title>{`${node.name}: ${exact(node.perSecond)} ${node.unit}/s${filter === null ? '' : ' · click to filter'}`}</title>
      <rect width={NODE_WIDTH} height={node.height} rx={2} />
      <text x={x} y={node.height / 2} textAnchor={left ? 'end' : 'start'} dominantBaseline="middle">
        {clip(node.name)} <tspan>{short(node.perSecond)}</tspan>
      </text>
    </g>
  );
}

function toneOf(node: Node, from: Node): string {
  if (node.kind === 'drop') {
    return 'dropped';
  }
  const outcome = node.kind === 'outcome' ? node.name : from.kind === 'outcome' ? from.name : '';
  if (outcome.startsWith('5') || outcome.startsWith('none')) {
    return 'error';
  }
  if (outcome.startsWith('4')) {
    return 'warning';
  }
  return node.kind === 'source' ||
    node.kind === 'kernel' ||
    node.kind === 'gateway' ||
    from.kind === 'source'
    ? 'packets'
    : 'passed';
}

function filterOf(node: Node): { readonly name: FilterName; readonly value: string } | null {
  if (node.name.startsWith('(')) {
    return null;
  }
  if (node.kind === 'source') {
    return { name: 'source', value: node.name };
  }
  const status = /^[1-5]xx/.exec(node.name)?.[0];
  return node.kind === 'outcome' && status !== undefined ? { name: 'status', value: status } : null;
}

function sentence(bands: ReadonlyArray<Band>): string {
  return bands
    .map(
      (band) =>
        `${band.from.name} to ${band.to.name} ${short(band.perSecond)} ${band.unit} a second`,
    )
    .join('; ');
}

function clip(name: string): string {
  return name.length > 17 ? `${name.slice(0, 16)}…` : name;
}
