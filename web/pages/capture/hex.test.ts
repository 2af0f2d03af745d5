import { expect, test } from 'vitest';
import type { PacketLayer } from '../../api/generated';
import { bodyOf } from '../captures/dialog';
import { fieldAt } from './hex';

const LAYER: PacketLayer = {
  part: 'header',
  protocol: 'ip',
  title: 'IPv4',
  offset: 14,
  length: 20,
  fields: [
    { name: 'ip.len', label: 'length', value: '60', offset: 16, length: 2 },
    { name: 'ip.version', label: 'version', value: '4', offset: 14, length: 1 },
  ],
};

test('finds the smallest field of a byte, else its layer', () => {
  expect(fieldAt(17, [LAYER])).toBe(LAYER.fields[0]);
  expect(fieldAt(14, [LAYER])).toBe(LAYER.fields[1]);
  expect(fieldAt(20, [LAYER])).toBe(LAYER);
  expect(fieldAt(3, [LAYER])).toBeNull();
});

test('asks only for what was filled in', () => {
  const nothing = {
    verdicts: 'dropped',
    source: ' 198.18.0.7 ',
    port: '80, 443',
    rule: '',
    reason: '',
    api: '',
    call: '',
    seconds: '30',
    snap: '',
  } as const;
  expect(bodyOf(nothing)).toEqual({
    verdicts: 'dropped',
    source: '198.18.0.7',
    ports: ['80', '443'],
    reasons: [],
    seconds: 30,
  });
});
