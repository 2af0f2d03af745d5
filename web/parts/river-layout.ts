import type { River } from '../api/generated';

/** Where each band of the river runs. Packets flow from sources into the kernel, where some are
 * dropped; calls flow from the gateway to their outcome and on to the upstreams. The two halves
 * count different things, so each half has its own scale: widths compare within a half only. */
export type Node = {
  readonly id: string;
  readonly kind: Kind;
  readonly name: string;
  readonly column: number;
  readonly perSecond: number;
  readonly unit: Unit;
  readonly x: number;
  readonly y: number;
  readonly height: number;
};

export type Band = {
  readonly id: string;
  readonly from: Node;
  readonly to: Node;
  readonly unit: Unit;
  readonly perSecond: number;
  readonly width: number;
  readonly fromY: number;
  readonly toY: number;
};

type Link = River['links'][number];
type Unit = Link['unit'];
type Kind = Link['from']['kind'];

const COLUMN: Readonly<Record<Kind, number>> = {
  source: 0,
  kernel: 1,
  drop: 2,
  gateway: 2,
  outcome: 3,
  upstream: 4,
};
export const COLUMNS = 5;
export const NODE_WIDTH = 9;
const GAP = 16;
const SMALLEST = 2;

export function layOut(
  river: River,
  width: number,
  height: number,
): { readonly nodes: ReadonlyArray<Node>; readonly bands: ReadonlyArray<Band> } {
  const links = river.links.filter((link) => link.perSecond > 0);
  const amounts = amountsOf(links);
  const columns = Array.from({ length: COLUMNS }, (_, column) =>
    [...amounts.values()].filter((node) => COLUMN[node.kind] === column).sort(byOrder),
  );
  const scales: Record<Unit, number> = {
    packets: scaleOf(columns, 'packets', height),
    calls: scaleOf(columns, 'calls', height),
  };
  const nodes = new Map<string, Node>();
  columns.forEach((column, index) => {
    const heights = column.map((node) => Math.max(SMALLEST, node.perSecond * scales[node.unit]));
    const sum = heights.reduce((total, each) => total + each, 0);
    const gaps = Math.max(1, column.length - 1);
    const gap = Math.min(GAP, Math.max(0, (height - sum) / gaps));
    const total = sum + gap * (column.length - 1);
    let y = Math.max(0, (height - total) / 2);
    column.forEach((node, row) => {
      const x = (index * (width - NODE_WIDTH)) / (COLUMNS - 1);
      const size = heights[row] ?? SMALLEST;
      nodes.set(node.id, { ...node, column: index, x, y, height: size });
      y += size + gap;
    });
  });
  return { nodes: [...nodes.values()], bands: bandsOf(links, nodes, scales) };
}

type Amount = {
  readonly id: string;
  readonly kind: Kind;
  readonly name: string;
  readonly perSecond: number;
  readonly unit: Unit;
};

function amountsOf(links: ReadonlyArray<Link>): Map<string, Amount> {
  const sums = new Map<
    string,
    { node: Link['from']; into: Record<Unit, number>; out: Record<Unit, number> }
  >();
  const at = (node: Link['from']) => {
    const id = idOf(node);
    const found = sums.get(id) ?? {
      node,
      into: { packets: 0, calls: 0 },
      out: { packets: 0, calls: 0 },
    };
    sums.set(id, found);
    return found;
  };
  for (const link of links) {
    // Calls that went on to an upstream are among those with an outcome: they count once.
    if (link.to.kind !== 'upstream' || link.from.kind !== 'gateway')
      at(link.from).out[link.unit] += link.perSecond;
    at(link.to).into[link.unit] += link.perSecond;
  }
  return new Map(
    [...sums].map(([id, { node, into, out }]) => {
      const unit: Unit = COLUMN[node.kind] < 2 || node.kind === 'drop' ? 'packets' : 'calls';
      return [
        id,
        { id, kind: node.kind, name: node.name, unit, perSecond: Math.max(into[unit], out[unit]) },
      ];
    }),
  );
}

function scaleOf(
  columns: ReadonlyArray<ReadonlyArray<Amount>>,
  unit: Unit,
  height: number,
): number {
  const room = columns.map((column) => {
    const mine = column.filter((node) => node.unit === unit);
    const sum = mine.reduce((total, node) => total + node.perSecond, 0);
    // The gateway shares its column with what the kernel dropped; each gets a part of the height.
    const part = mine.length === column.length ? 0.8 : unit === 'calls' ? 0.56 : 0.26;
    const most = Math.max(0.2, part - (GAP * Math.max(0, mine.length - 1)) / height);
    return sum === 0 ? Infinity : (height * most - SMALLEST * mine.length) / sum;
  });
  const smallest = Math.min(...room);
  return Number.isFinite(smallest) ? Math.max(0, smallest) : 0;
}

function bandsOf(
  links: ReadonlyArray<Link>,
  nodes: ReadonlyMap<string, Node>,
  scales: Record<Unit, number>,
): ReadonlyArray<Band> {
  const used = new Map<string, number>();
  const take = (key: string, size: number) => {
    const before = used.get(key) ?? 0;
    used.set(key, before + size);
    return before;
  };
  return [...links]
    .sort((left, right) => orderOf(nodes, left) - orderOf(nodes, right))
    .flatMap((link) => {
      const from = nodes.get(idOf(link.from));
      const to = nodes.get(idOf(link.to));
      if (from === undefined || to === undefined) {
        return [];
      }
      const bridge = link.unit === 'packets' && to.kind === 'gateway';
      const scaled = Math.max(1, link.perSecond * scales[link.unit]);
      const width = bridge ? Math.min(scaled, from.height) : scaled;
      const onward = from.kind === 'gateway' && to.kind === 'upstream';
      const fromY = from.y + take(`${from.id}>${onward ? 'onward' : ''}`, width) + width / 2;
      const toY = bridge ? to.y + to.height / 2 : to.y + take(`>${to.id}`, width) + width / 2;
      return [
        {
          id: `${from.id}→${to.id}`,
          from,
          to,
          unit: link.unit,
          perSecond: link.perSecond,
          width,
          fromY,
          toY,
        },
      ];
    });
}

function orderOf(nodes: ReadonlyMap<string, Node>, link: Link): number {
  return (nodes.get(idOf(link.from))?.y ?? 0) * 10_000 + (nodes.get(idOf(link.to))?.y ?? 0);
}

function byOrder(left: Amount, right: Amount): number {
  return (
    rank(left) - rank(right) ||
    right.perSecond - left.perSecond ||
    left.name.localeCompare(right.name)
  );
}

/** What passes is drawn above what is stopped; within an outcome the status gives the order. */
function rank(node: Amount): number {
  if (node.kind === 'drop') {
    return 9;
  }
  if (node.kind === 'outcome') {
    return Number.parseInt(node.name, 10) || 8;
  }
  return node.name.startsWith('(') ? 5 : 1;
}

function idOf(node: Link['from']): string {
  return `${node.kind}:${node.name}`;
}
