import { expect, test } from 'vitest';
import { tick } from '../dev/data.mjs';
import { layOut } from './river-layout';
import type { River } from '../api/generated';

const river = (tick() as { river: River }).river;

test('keeps every node inside its column and the drawing', () => {
  const { nodes } = layOut(river, 800, 250);
  expect(nodes.length).toBeGreaterThan(8);
  for (const node of nodes) {
    expect(node.x).toBeGreaterThanOrEqual(0);
    expect(node.x).toBeLessThanOrEqual(800);
    expect(node.y).toBeGreaterThanOrEqual(0);
    expect(node.y + node.height).toBeLessThanOrEqual(251);
  }
});

test('draws widths of one half in proportion', () => {
  const links: River['links'] = [
    {
      from: { kind: 'source', name: 'a' },
      to: { kind: 'kernel', name: 'shield' },
      unit: 'packets',
      perSecond: 300,
    },
    {
      from: { kind: 'source', name: 'b' },
      to: { kind: 'kernel', name: 'shield' },
      unit: 'packets',
      perSecond: 100,
    },
  ];
  const { bands } = layOut({ links }, 800, 250);
  expect((bands[0]?.width ?? 0) / (bands[1]?.width ?? 1)).toBeCloseTo(3);
});

test('is empty where nothing flows', () => {
  expect(layOut({ links: [] }, 800, 250)).toEqual({ nodes: [], bands: [] });
});
