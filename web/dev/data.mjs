// The mock's world: one API, a few consumers, a noisy source, one slow upstream.
const RATE = Number(process.env.RATE ?? 420);
const KERNEL = process.env.KERNEL !== 'off';
const TRIAL = process.env.TRIAL ?? 'on-trial';
const SOURCES = [
  '198.18.0.7',
  '198.18.0.21',
  '198.18.3.4',
  '2001:db8::17',
  '198.18.9.250',
  '203.0.113.9',
];
const CONSUMERS = [
  ['c_01jd3x9w7q2k', 'acme'],
  ['c_01jd3xa1m8pd', 'globex'],
  ['c_01jd3xb4t5vn', 'initech'],
];
const PATHS = [
  '/demo/orders',
  '/demo/orders/17',
  '/demo/orders/4711?expand=lines',
  '/demo/products',
  '/demo/products/lamp',
];
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
let counter = 1;

const pick = (list) => list[Math.floor(Math.random() ** 1.6 * list.length)];
const noise = (base, spread = 0.12) => Math.max(0, base * (1 + (Math.random() * 2 - 1) * spread));
const wave = (at, period, depth) => 1 + depth * Math.sin((at / 1000 / period) * 2 * Math.PI);
const iso = (at) => new Date(at).toISOString();

function id(at) {
  let value = ((BigInt(Math.floor(at)) - 1704067200000n) << 22n) | BigInt(counter++ & 0x3fffff);
  let text = '';
  for (let i = 0; i < 13; i++) {
    text = DIGITS[Number(value & 31n)] + text;
    value >>= 5n;
  }
  return text;
}

export function line(at) {
  const roll = Math.random();
  const [status, blame, reason] =
    roll < 0.9
      ? [roll < 0.05 ? 201 : 200, 'none', 'answered']
      : roll < 0.95
        ? [429, 'policy', 'rate-limit']
        : roll < 0.975
          ? [401, 'policy', 'key-auth']
          : roll < 0.988
            ? [400, 'policy', 'validate']
            : roll < 0.994
              ? [503, 'upstream', 'connect-refused']
              : roll < 0.997
                ? [504, 'upstream', 'answer-timeout']
                : [0, 'client', 'left'];
  const consumer = reason === 'key-auth' ? [null, null] : pick(CONSUMERS);
  return {
    call: id(at),
    start: iso(at),
    method: status === 201 ? 'POST' : 'GET',
    target: pick(PATHS),
    api: 'orders',
    route: 'getOrder',
    consumer: consumer[0],
    consumerName: consumer[1],
    client: pick(SOURCES),
    status,
    blame,
    reason,
    durationMicros: Math.round(
      blame === 'policy' ? noise(160, 0.6) : noise(3400, 0.8) * (Math.random() < 0.02 ? 12 : 1),
    ),
    requestBytes: 210,
    responseBytes: Math.round(noise(1480, 0.6)),
  };
}

function drops(at) {
  const flood = wave(at, 300, 1) > 1.7 ? 2600 : 40;
  return KERNEL
    ? [
        { reason: 'deny-rule', packets: Math.round(noise(flood)), bytes: 60 * flood },
        { reason: 'source-limit', packets: Math.round(noise(flood / 4)), bytes: 4000 },
      ]
    : [];
}

export function point(at) {
  const calls = Math.round(noise(RATE * wave(at, 240, 0.25)));
  const slow = wave(at, 170, 0.5);
  const dropped = drops(at);
  const bad = Math.round(calls * 0.008 * slow);
  const outcomes = [
    { status: '2xx', cause: 'none', calls: calls - bad - Math.round(calls * 0.09) },
    { status: '4xx', cause: 'rate-limit', calls: Math.round(calls * 0.055) },
    { status: '4xx', cause: 'key-auth', calls: Math.round(calls * 0.035) },
    { status: '5xx', cause: 'upstream', calls: bad },
  ];
  return {
    at: iso(at),
    seconds: 1,
    calls,
    errors: bad,
    outcomes,
    latency: {
      p50Micros: Math.round(noise(1900 * slow)),
      p95Micros: Math.round(noise(6100 * slow)),
      p99Micros: Math.round(noise(14200 * slow)),
      maxMicros: 60000,
    },
    clientMicros: calls * 900,
    gatewayMicros: calls * 130,
    upstreamMicros: Math.round(calls * 2100 * slow),
    bytesIn: calls * 260,
    bytesOut: Math.round(noise(calls * 1480)),
    packetsPassed: KERNEL ? Math.round(calls * 8.4) : null,
    packetBytesPassed: KERNEL ? calls * 2600 : null,
    packetsDropped: KERNEL ? dropped.reduce((sum, drop) => sum + drop.packets, 0) : null,
    drops: dropped,
  };
}

const rate = (share, p95 = 6100) => ({
  calls: Math.round(RATE * 60 * share),
  errors: Math.round(RATE * 0.4 * share),
  callsPerSecond: noise(RATE * share, 0.05),
  latency: {
    p50Micros: Math.round(noise(p95 / 3)),
    p95Micros: Math.round(noise(p95)),
    p99Micros: Math.round(noise(p95 * 2.3)),
    maxMicros: 90000,
  },
  bytesIn: Math.round(RATE * 60 * share * 260),
  bytesOut: Math.round(RATE * 60 * share * 1480),
  packetsIn: Math.round(RATE * 60 * share * 3),
  packetsOut: Math.round(RATE * 60 * share * 3.4),
  resent: Math.round(RATE * 0.06 * share),
});
const named = (name, share, p95, title = name) => ({ name, title, rate: rate(share, p95) });

function source(address, index) {
  const loud = address === '203.0.113.9';
  const share = [0.36, 0.22, 0.15, 0.1, 0.07, 0.1][index] ?? 0.02;
  return {
    address,
    packets: KERNEL ? Math.round(9e6 * share) : null,
    bytes: KERNEL ? Math.round(2.3e9 * share) : null,
    droppedPackets: KERNEL ? (loud ? 811234 : 0) : null,
    packetsPerSecond: KERNEL ? Math.round(noise(RATE * 9 * share)) : null,
    bytesPerSecond: KERNEL ? Math.round(noise(RATE * 2800 * share)) : null,
    droppedPerSecond: KERNEL ? (loud ? Math.round(noise(RATE * 0.8)) : 0) : null,
    share: KERNEL ? share : null,
    lastSeen: iso(Date.now() - 300),
    calls: loud ? null : Math.round(RATE * 60 * share),
    callsOver: 0,
    ban: loud ? 'b_01jd3xa0c5vn' : null,
  };
}

function river(now) {
  const node = (kind, name) => ({ kind, name });
  const links = [];
  const gateway = node('gateway', 'gateway');
  const kernel = node('kernel', 'shield');
  let passed = 0;
  SOURCES.forEach((address, index) => {
    const perSecond = RATE * 8 * ([0.36, 0.22, 0.15, 0.1, 0.07, 0.1][index] ?? 0);
    links.push({
      from: node('source', address),
      to: kernel,
      unit: 'packets',
      perSecond: noise(perSecond, 0.03),
    });
    passed += perSecond;
  });
  now.drops.forEach((drop) =>
    links.push({
      from: kernel,
      to: node('drop', drop.reason),
      unit: 'packets',
      perSecond: Math.min(passed * 0.3, drop.packets),
    }),
  );
  links.push({ from: kernel, to: gateway, unit: 'packets', perSecond: passed * 0.9 });
  now.outcomes
    .filter((each) => each.calls > 0)
    .forEach((each) => {
      const outcome = node(
        'outcome',
        each.cause === 'none' ? each.status : `${each.status} ${each.cause}`,
      );
      links.push({ from: gateway, to: outcome, unit: 'calls', perSecond: each.calls });
      if (each.status === '2xx' || each.status === '5xx') {
        links.push({
          from: outcome,
          to: node('upstream', 'orders'),
          unit: 'calls',
          perSecond: each.calls * 0.7,
        });
        links.push({
          from: outcome,
          to: node('upstream', 'products'),
          unit: 'calls',
          perSecond: each.calls * 0.3,
        });
      }
    });
  return { links: KERNEL ? links : links.filter((link) => link.unit === 'calls') };
}

const FOOTER = {
  planVersion: 41,
  kernelSentence: KERNEL
    ? 'Watching eth0 (xdp-generic) and lo (tcx).'
    : 'Packets are not watched: CAP_BPF is missing. Grant it with setcap cap_bpf,cap_net_admin+ep, or run as root.',
  interfaces: KERNEL
    ? [
        { name: 'eth0', mode: 'xdp-generic' },
        { name: 'lo', mode: 'tcx' },
      ]
    : [],
  ledgerLagMillis: 12,
  ledgerLost: 0,
  store: {
    state: 'running',
    sentence: 'Writing to ledger.duckdb.',
    rows: 1204311,
    bytes: 214000000,
    waiting: 0,
    lost: 0,
    oldest: null,
  },
};

const top = () => ({
  seconds: 60,
  apis: [
    named('orders', 0.74, 6100, 'Orders'),
    named('products', 0.21, 3900, 'Products'),
    named('(none)', 0.05, 300, 'no API'),
  ],
  routes: [],
  consumers: CONSUMERS.map(([key, name]) => named(key, 0.3, 5000, name)),
  upstreams: [named('orders', 0.7, 5900), named('products', 0.3, 3300)],
  statuses: [],
  sources: SOURCES.map(source),
});
const STATE = {
  level: 'warning',
  sentence: '6 of 120 calls a second end with 503; all of them at upstream orders.',
};

export function tick() {
  const now = point(Date.now() - 1000);
  return { point: now, state: STATE, top: top(), river: river(now), footer: FOOTER };
}

function series(seconds) {
  const end = Math.floor(Date.now() / 1000) * 1000 - 1000;
  const points = Array.from({ length: seconds }, (_, index) =>
    point(end - (seconds - index) * 1000),
  );
  const column = (of) => points.map(of);
  const latency = (name) => column((each) => each.latency[name]);
  return {
    stepMillis: 1000,
    millis: column((each) => Date.parse(each.at)),
    calls: column((each) => each.calls),
    errors: column((each) => each.errors),
    outcomes: points[0].outcomes.map(({ status, cause }, index) => ({
      status,
      cause,
      calls: column((each) => each.outcomes[index].calls),
    })),
    latency: {
      p50Micros: latency('p50Micros'),
      p95Micros: latency('p95Micros'),
      p99Micros: latency('p99Micros'),
      maxMicros: latency('maxMicros'),
    },
    clientMicros: column((each) => each.clientMicros),
    gatewayMicros: column((each) => each.gatewayMicros),
    upstreamMicros: column((each) => each.upstreamMicros),
    bytesIn: column((each) => each.bytesIn),
    bytesOut: column((each) => each.bytesOut),
    packetsPassed: column((each) => each.packetsPassed),
    packetBytesPassed: column((each) => each.packetBytesPassed),
    packetsDropped: column((each) => each.packetsDropped),
    drops: points[0].drops.map(({ reason }, index) => ({
      reason,
      packets: column((each) => each.drops[index].packets),
    })),
  };
}

export function sample(filters, millis) {
  const all = Array.from({ length: Math.round((RATE * millis) / 1000) }, () =>
    line(Date.now() - Math.random() * millis),
  );
  const matched = all.filter((each) => fits(each, filters));
  const items = matched.slice(
    0,
    Math.round((Number(filters.callsPerSecond ?? 50) * millis) / 1000),
  );
  return { matched: matched.length, leftOut: matched.length - items.length, items };
}

const fits = (each, filters) =>
  (!filters.status ||
    String(each.status).replace(/..$/, 'xx') === filters.status ||
    String(each.status) === filters.status) &&
  (!filters.source || each.client === filters.source) &&
  (!filters.reason || each.reason === filters.reason) &&
  (!filters.blame || each.blame === filters.blame) &&
  (!filters.api || each.api === filters.api) &&
  (!filters.consumer || each.consumer === filters.consumer);

function call(key) {
  const ms = (value) => Math.round(value * 1e6);
  const bar = (name, from, to) => ({ name, startNanos: ms(from), endNanos: ms(to), counted: true });
  const counted = {
    packetsIn: 9,
    packetsOut: 6,
    bytesIn: 4200,
    bytesOut: 1900,
    retransmitsOut: 0,
    duplicatesIn: 2,
    outOfOrderIn: 1,
    dropped: 0,
    zeroWindows: 0,
    ownZeroWindows: 0,
    stalledNanos: ms(14),
  };
  const network = {
    synNanos: ms(-9.1),
    establishedNanos: ms(-0.6),
    firstDataNanos: ms(-0.02),
    lastDataNanos: ms(31),
    synAckNanos: ms(-9.09),
    lastAckNanos: ms(38.2),
    unacknowledged: false,
    roundTrip: { smoothedMicros: 8500, smallestMicros: 8100, handshakeMicros: 8490, samples: 9 },
    connection: { ...counted, packetsIn: 14, packetsOut: 9 },
    call: counted,
    synAckRetransmits: 0,
    closeReason: 0,
    closeWords: 'open',
    dropReason: null,
    events: [
      { kind: 'out-of-order', words: 'out of order', atNanos: ms(12) },
      { kind: 'duplicate', words: 'came again', atNanos: ms(26) },
    ],
    interfaceName: 'eth0',
    verdict: 'passed (xdp-generic)',
  };
  return {
    line: {
      ...line(Date.now() - 5000),
      call: key,
      status: 200,
      blame: 'none',
      reason: 'answered',
      consumer: CONSUMERS[0][0],
      consumerName: 'acme',
      method: 'POST',
      target: '/demo/orders',
      durationMicros: 38400,
    },
    peer: '198.18.0.7',
    peerPort: 51234,
    listener: '0.0.0.0:8080',
    requestNumber: 1,
    planVersion: 41,
    traceId: null,
    upstreamStatus: 200,
    timings: {
      acceptedNanos: ms(-0.5),
      headNanos: ms(0.08),
      requestEndNanos: ms(31),
      responseStartNanos: ms(36.6),
      responseEndNanos: ms(36.9),
      endNanos: ms(38.4),
    },
    filters: [
      { policy: 'key-auth', startNanos: ms(31), endNanos: ms(31.09) },
      { policy: 'rate-limit', startNanos: ms(31.09), endNanos: ms(31.14) },
      { policy: 'validate', startNanos: ms(31.14), endNanos: ms(31.62) },
    ],
    attempts: [
      {
        upstream: 'orders',
        target: '127.0.0.1:9001',
        why: 'first',
        reused: false,
        startNanos: ms(31.65),
        connectedNanos: ms(32),
        requestSentNanos: ms(32.1),
        firstByteNanos: ms(36.2),
        lastByteNanos: ms(36.4),
        status: 200,
        failure: '',
      },
    ],
    network,
    fields: { tenant: 'acme' },
    upstreamNetwork: {
      ...network,
      roundTrip: { smoothedMicros: 60, smallestMicros: 41, handshakeMicros: 55, samples: 3 },
      call: { ...counted, duplicatesIn: 0, outOfOrderIn: 0 },
      events: [],
      interfaceName: 'lo',
    },
    explanation: {
      sentence:
        "47.5 ms, of which 40 ms on the client's network: two segments of the request arrived twice.",
      notes: [],
      startNanos: ms(-9.1),
      endNanos: ms(38.4),
      slowest: 'client-network',
      shares: [
        { owner: 'client-network', nanos: ms(40.9) },
        { owner: 'upstream', nanos: ms(4.1) },
        { owner: 'gateway', nanos: ms(1.3) },
        { owner: 'upstream-network', nanos: ms(0.6) },
        { owner: 'kernel', nanos: ms(0.02) },
      ],
      lanes: [
        {
          owner: 'client-network',
          title: 'client network',
          bars: [
            bar('handshake', -9.1, -0.6),
            bar('request arriving', 0.1, 31),
            bar('last acknowledgement', 36.9, 38.2),
          ],
        },
        { owner: 'kernel', title: 'kernel', bars: [bar('wait in socket', -0.02, 0)] },
        {
          owner: 'gateway',
          title: 'gateway',
          bars: [
            bar('key-auth', 31, 31.09),
            bar('rate-limit', 31.09, 31.14),
            bar('validate', 31.14, 31.62),
            bar('response', 36.4, 36.9),
          ],
        },
        { owner: 'upstream-network', title: 'upstream network', bars: [bar('connect', 31.65, 32)] },
        { owner: 'upstream', title: 'upstream', bars: [bar('answering', 32.1, 36.2)] },
      ],
      marks: [
        { owner: 'client-network', name: 'SYN', atNanos: ms(-9.1), trouble: false },
        { owner: 'client-network', name: 'established', atNanos: ms(-0.6), trouble: false },
        { owner: 'client-network', name: 'out of order', atNanos: ms(12), trouble: true },
        { owner: 'client-network', name: 'came again', atNanos: ms(26), trouble: true },
      ],
    },
  };
}

const API = (name, title, path) => ({
  name,
  path,
  upstream: name,
  address: `http://127.0.0.1:8080${path}`,
  title,
  version: '1.0.0',
  document: true,
  routes: 6,
  policies: ['key-auth', 'rate-limit', 'validate', 'cors'],
  rate: rate(0.7),
});
const APIS = () => [
  API('orders', 'Orders', '/demo'),
  {
    ...API('products', 'Products', '/products'),
    document: false,
    routes: 2,
    policies: ['rate-limit'],
  },
];
const counters = (passed, dropped) => ({
  passedPackets: passed,
  passedBytes: passed * 310,
  drops:
    dropped === 0
      ? []
      : [
          { reason: 'deny-rule', packets: dropped, bytes: dropped * 60 },
          { reason: 'source-limit', packets: 4120, bytes: 247200 },
        ],
});
const maps = [
  { name: 'rules_v4', type: 'lpm_trie', entriesMax: 100000, bytes: 4194304 },
  { name: 'sources', type: 'percpu_array', entriesMax: 65536, bytes: 2097152 },
];
function stage(name, title, state, place, slot, sentence, met) {
  return {
    name,
    title,
    state,
    place,
    slot,
    sentence,
    hooks: ['xdp', 'tcx'],
    instructions: 96,
    memoryBytes: 8192,
    counts: {
      met,
      passed: met - 12 * (met > 0),
      dropped: 12 * (met > 0),
      modified: met >> 1,
      marked: 0,
      taken: 0,
      reasons: met > 0 ? [{ word: 'too-long', packets: 12 }] : [],
    },
    maps: [
      {
        name: 'dscp_by_api',
        type: 'array',
        entriesMax: 1024,
        bytes: 8192,
        entries: [
          { key: '1', value: '46' },
          { key: '2', value: '10' },
        ],
      },
    ],
  };
}

const program = (name, hook, instructions) => ({
  name,
  hook,
  attached: KERNEL,
  why: KERNEL ? '' : 'EPERM',
  instructions,
  verified: instructions * 31,
  machineBytes: instructions * 5,
  memoryBytes: 6291456,
  maps,
});

const METERED = {
  packets: 9_120_331,
  bytes: 2.9e9,
  evictedPackets: 31_204,
  evictedBytes: 4.1e6,
  unlistedPackets: 0,
  unlistedBytes: 0,
};
const ROUTES = {
  '/api/v1/usage': (query) => ({
    by: query.get('by') ?? 'api',
    from: iso(Date.now() - 864e5),
    to: iso(Date.now()),
    items: [['orders', 'Orders'], ...CONSUMERS.map((each) => [each[0], each[1]])].map(
      ([key, name]) => ({
        key,
        name,
        calls: 812_345,
        errors: 412,
        refused: 9_120,
        latency: { p50Micros: 1900, p95Micros: 6100, p99Micros: 14200, maxMicros: 90000 },
        bytesIn: 211e6,
        bytesOut: 1.2e9,
        packetsIn: 2.4e6,
        packetsOut: 2.7e6,
        resent: 5120,
      }),
    ),
  }),
  '/api/v1/now': (query) => {
    const now = point(Date.now() - 1000);
    return {
      at: iso(Date.now()),
      windowSeconds: 900,
      series: series(Number(query.get('window') ?? 900)),
      state: STATE,
      top: top(),
      river: river(now),
      footer: FOOTER,
    };
  },
  '/api/v1/calls': (query) => {
    const to = Number(query.get('cursor') ?? Date.now());
    return {
      items: Array.from({ length: 100 }, (_, i) => line(to - i * 40)).filter((each) =>
        fits(each, Object.fromEntries(query)),
      ),
      next: String(to - 4000),
    };
  },
  '/api/v1/sources': () => ({
    available: KERNEL,
    sentence: FOOTER.kernelSentence,
    items: SOURCES.map(source),
  }),
  '/api/v1/sources/flood': () => ({
    available: KERNEL,
    sentence: FOOTER.kernelSentence,
    seconds: 1,
    packetsPerSecond: Math.round(noise(812_000)),
    connectionsPerSecond: Math.round(noise(790_000)),
    sources: 640_200,
    sourcesError: 0.021,
    sampledOneOf: 13,
    cookies: {
      state: 'answering',
      sentence: 'A SYN flood fills the queue of a listener: SYNs are answered with SYN cookies.',
      since: new Date(Date.now() - 42_000).toISOString(),
      answered: 31_204_311,
      completed: 4_120,
      invalid: 212,
    },
    items: [
      ['203.0.113.0/24', 24, 0.3102, 0.0035, true, null],
      ['203.0.113.7/32', 32, 0.3011, 0.0035, false, 'b1'],
      ['198.51.100.0/24', 24, 0.0421, 0.0015, false, null],
      ['198.51.100.77/32', 32, 0.0042, 0.0005, false, null],
      ['2001:db8:1:2::/64', 64, 0.0021, 0.0004, false, null],
    ].map(([prefix, bits, share, error, held, ban]) => ({
      prefix,
      bits,
      share,
      error,
      packetsPerSecond: Math.round(812_000 * share),
      connectionsPerSecond: Math.round(790_000 * share),
      droppedShare: 0.98,
      held,
      ban,
    })),
  }),
  '/api/v1/flows': () => ({
    available: KERNEL,
    sentence: FOOTER.kernelSentence,
    in: METERED,
    out: METERED,
    interfaces: [],
    items: KERNEL
      ? SOURCES.map((address, i) => ({
          direction: i === 3 ? 'out' : 'in',
          source: address,
          sourcePort: 51234 + i,
          destination: '198.18.0.1',
          destinationPort: 8080,
          protocol: 'tcp',
          vlan: i === 2 ? 100 : 0,
          interfaceName: 'eth0',
          packets: 5400 >> i,
          bytes: 980000 >> i,
          firstSeen: iso(Date.now() - 9000),
          lastSeen: iso(Date.now() - 400 * i),
          tcpFlags: ['SYN', 'PSH', 'ACK'],
        }))
      : [],
  }),
  '/api/v1/captures': () => ({
    possible: KERNEL,
    sentence: KERNEL ? '' : FOOTER.kernelSentence,
    lastSeconds: KERNEL ? 5 : 0,
    packetsPerSecondMax: 4750,
    skipped: 1204,
    bytes: 51220,
    bytesMax: 268435456,
    items: CAPTURES(),
  }),
  '/api/v1/kernel': () => ({
    running: KERNEL,
    sentence: FOOTER.kernelSentence,
    kernelRelease: '6.18.0',
    libbpfVersion: '1.1.0',
    dryRun: false,
    rulesVersion: 3,
    memoryBytes: 18874368,
    memoryBytesMax: 67108864,
    interfaces: KERNEL
      ? [
          {
            name: 'eth0',
            index: 2,
            driver: 'virtio_net',
            mode: 'xdp-generic',
            why: 'native refused: "virtio_net: can\'t set XDP while host is implementing GRO_HW". ethtool -K eth0 rx-gro-hw off would allow it.',
            device: {
              mtu: 1500,
              receiveQueues: 2,
              transmitQueues: 2,
              merging: ['rx-gro-hw'],
              others: [{ name: 'cil_from_netdev', id: 311, mode: 'tcx' }],
            },
            counters: counters(9123411, 81234),
          },
          {
            name: 'lo',
            index: 1,
            driver: '',
            mode: 'tcx',
            why: 'XDP is not for loopback',
            device: { mtu: 65536, receiveQueues: 0, transmitQueues: 0, merging: [], others: [] },
            counters: counters(120331, 0),
          },
        ]
      : [],
    programs: [
      program('shield', 'xdp', 812),
      program('meter', 'tcx', 431),
      program('lens', 'sockops', 620),
    ],
  }),
  '/api/v1/kernel/stages': () => ({
    items: KERNEL
      ? [
          stage('dscp', 'rewrites DSCP by API', 'running', 'after', 5, '', 91234),
          stage('geo', 'keeps out countries without customers', 'off', 'before', -1, '', 0),
          {
            ...stage('mine', '', 'refused', '', -1, '', 0),
            sentence:
              'cannot load mine: EACCES (invalid access to packet, off=5 size=1, R1(id=0,off=5,r=0))',
            hooks: [],
            maps: [],
          },
        ]
      : [],
  }),
  '/api/v1/rules/trial': () => ({
    state: TRIAL,
    since: TRIAL === 'confirmed' ? null : iso(Date.now() - 9_000),
    until: TRIAL === 'on-trial' ? iso(Date.now() + 21_000) : null,
    secondsLeft: TRIAL === 'on-trial' ? 21 : 0,
    confirmSeconds: 30,
  }),
  '/api/v1/rules/preview': () => ({
    action: 'deny',
    faults: [],
    sentence:
      'In the last five minutes it would have dropped 4,120 packets of 3 sources, and with them 41 calls: 40 of acme, 1 of nobody known.',
    seconds: 300,
    packets: 4120,
    bytes: 512331,
    ofPackets: 91823,
    untoldPackets: 12,
    sources: 3,
    busiest: [
      { source: '203.0.113.7', packets: 4000, bytes: 500000 },
      { source: '203.0.113.9', packets: 120, bytes: 12331 },
    ],
    untold: [],
    calls: {
      matched: 41,
      looked: 900,
      all: true,
      consumers: [
        { id: 'con_1', name: 'acme', calls: 40 },
        { id: null, name: null, calls: 1 },
      ],
    },
  }),
  '/api/v1/rules': () => ({
    file: 'ostiary.yaml',
    dryRun: false,
    interfaces: 'auto',
    rulesVersion: 3,
    management: ['198.18.0.1/32'],
    items: [
      {
        number: 1,
        action: 'deny',
        from: ['set bots', '203.0.113.0/24'],
        to: [],
        toPorts: [],
        protocols: ['tcp'],
        conditions: ['syn', 'no-ack'],
        packetsPerSecond: null,
        connectionsPerSecond: null,
        per: null,
        conflicts: [],
        hits: {
          packets: 48_213,
          bytes: 2_892_780,
          droppedPackets: 48_213,
          droppedBytes: 2_892_780,
          last: iso(Date.now() - 3_000),
        },
      },
      {
        number: 2,
        action: 'limit',
        from: [],
        to: [],
        toPorts: ['8080'],
        protocols: ['tcp'],
        conditions: [],
        packetsPerSecond: 20000,
        connectionsPerSecond: null,
        per: 'source',
        conflicts: [],
        hits: {
          packets: 912_004,
          bytes: 91_200_400,
          droppedPackets: 12,
          droppedBytes: 1200,
          last: iso(Date.now() - 1_000),
        },
      },
      {
        number: 3,
        action: 'deny',
        from: ['203.0.113.7/32'],
        to: [],
        toPorts: [],
        protocols: ['tcp'],
        conditions: ['syn', 'no-ack'],
        packetsPerSecond: null,
        connectionsPerSecond: null,
        per: null,
        conflicts: [
          {
            rule: 1,
            whole: true,
            sentence: 'deny has no effect: the deny rule at #1 drops the same',
          },
        ],
        hits: { packets: 0, bytes: 0, droppedPackets: 0, droppedBytes: 0, last: null },
      },
    ],
  }),
  '/api/v1/snapshot': () => ({
    version: 41,
    publishedAt: iso(Date.now() - 9e5),
    startedAt: iso(Date.now() - 9e6),
    configuration: {
      file: 'ostiary.yaml',
      state: 'refused',
      at: iso(Date.now()),
      faults: [
        {
          file: 'ostiary.yaml',
          line: 14,
          column: 9,
          message: "unknown policy 'rate-limt'. Did you mean 'rate-limit'?",
        },
      ],
    },
    listeners: ['0.0.0.0:8080', '0.0.0.0:8443'],
    certificates: [
      {
        listener: '0.0.0.0:8443',
        names: ['api.example.com', '*.example.org'],
        expiresAt: iso(Date.now() + 11 * 86_400_000),
        fingerprint: '5a1f00c4e29b7d3861fa2290cc81b4de77a30d5e6b8f49123c0d9ae8b7f6e5d4',
      },
    ],
    counts: { apis: 2, routes: 8, upstreams: 2, consumers: 3, keys: 4, rules: 2, bans: 1 },
  }),
  '/api/v1/apis': () => ({ items: APIS() }),
  '/api/v1/quotas': () => ({
    items: [
      ['orders/month', 'c_acme', 'acme', 9_412, 10_000],
      ['orders/month', 'c_globex', 'globex', 10_000, 10_000],
      ['orders/month', '(nobody)', null, 312, 10_000],
      ['search/day/api', '', null, 48_211, 250_000],
      ['old/month', 'c_acme', 'acme', 17, 0],
    ].map(([quota, who, name, used, requests]) => ({
      quota,
      who,
      name,
      used,
      requests,
      from: '2026-11-01T00:00:00Z',
      to: requests === 0 ? '1970-01-01T00:00:00Z' : '2026-12-01T00:00:00Z',
    })),
  }),
  '/api/v1/services': () => ({
    sentence: '1 services on 4 interfaces; 1,204 connections are known, the maps take 5.6 MiB.',
    items: [
      {
        name: 'web',
        address: '203.0.113.10:80',
        protocol: 'tcp',
        algorithm: 'least-loaded',
        check: 'GET /health',
        warning: '',
        attempts: 120412,
        proven: 120398,
        stateless: 3,
        withoutTarget: 0,
        withoutRoom: 0,
        strays: 0,
        flood: 0,
        local: 12,
        targets: [
          ['198.51.100.11:8080', 1, 1, 'healthy', '', 14, 88.2, 10400],
          [
            '198.51.100.12:8080',
            2,
            0.8,
            'starting',
            'slow start: 40 % of its weight',
            9,
            41.5,
            11200,
          ],
          [
            '198.51.100.13:8080',
            1,
            0,
            'draining',
            'drained by the configuration; 3 connections are still open',
            3,
            0,
            10100,
          ],
          [
            '198.51.100.14:8080',
            1,
            0,
            'unhealthy',
            'the check failed: Connection refused',
            0,
            0,
            null,
          ],
        ].map(([target, weight, weightNow, state, why, open, newPerSecond, answerMicros]) => ({
          target,
          weight,
          weightNow,
          state,
          why,
          since: iso(Date.now() - 92e3),
          open,
          newPerSecond,
          connections: 40211,
          rttMicros: answerMicros === null ? null : 240,
          answerMicros,
        })),
      },
    ],
  }),
  '/api/v1/upstreams': () => ({
    items: [
      {
        name: 'orders',
        balance: 'least-latency',
        healthPath: '/health',
        apis: ['orders'],
        rate: rate(0.7),
        load: {
          active: 3,
          bound: 40,
          waiting: 0,
          repeats: 0,
          budget: 3,
          panic: false,
          withoutQueueMicros: 1400,
          discovery: '3 targets found, asked for again after 30000 ms',
          retries: 41,
          retriesRefused: 0,
          hedges: 12,
          hedgesWon: 7,
          ejections: 2,
          shed: { low: 120, normal: 3, high: 0 },
        },
        targets: [
          target('127.0.0.1:9001', 'healthy', '', 0.62, 1640),
          target(
            '127.0.0.1:9002',
            'unhealthy',
            '5 attempts in a row failed; out for another 7 s',
            0,
            null,
          ),
          target('127.0.0.1:9003', 'draining', 'drained by an operator', 0, 1720),
        ],
      },
    ],
  }),
  '/api/v1/consumers': () => ({
    items: CONSUMERS.map(([key, name], i) => ({
      id: key,
      name,
      team: 'default',
      groups: i === 0 ? ['gold'] : [],
      tags: [],
      createdAt: iso(Date.now() - i * 9e8),
      keys: 1,
      credentials: 1,
    })),
    next: null,
  }),
  '/api/v1/bans': () => ({
    items: [
      {
        id: 'b_01jd3xa0c5vn',
        source: '203.0.113.9/32',
        reason: 'floods the order service with bad keys',
        calls: [id(Date.now())],
        since: iso(Date.now() - 6e5),
        until: iso(Date.now() + 3e6),
        by: 'admin',
        action: 'deny',
        packetsPerSecond: null,
        callsPerSecond: null,
        place: 'kernel',
        state: 'active',
        liftedAt: null,
        liftedBy: null,
        droppedPackets: 48210,
        droppedBytes: 2603340,
      },
      {
        id: 'b_01jd3xa0c5vm',
        source: '198.18.9.9/32',
        reason:
          'unauthorized: more than 20 calls answered with 401 within 1 min; limited rather than banned, because 62 of its last 100 calls were good ones of known consumers',
        calls: [1, 2, 3, 4, 5, 6].map((n) => id(Date.now() - n)),
        since: iso(Date.now() - 9e5),
        until: iso(Date.now() + 6e5),
        by: 'ban',
        action: 'limit',
        packetsPerSecond: 500,
        callsPerSecond: 5,
        place: 'gateway',
        state: 'active',
        liftedAt: null,
        liftedBy: null,
      },
    ],
    next: null,
  }),
  '/api/v1/audit': () => ({
    items: [
      {
        id: 17,
        at: iso(Date.now()),
        who: 'admin',
        role: 'admin',
        team: 'default',
        from: '127.0.0.1',
        action: 'ban-created',
        object: 'b_01jd3xa0c5vn',
        detail: '203.0.113.9/32 for 3600 s',
      },
      {
        id: 16,
        at: iso(Date.now() - 9e5),
        who: 'system',
        role: 'admin',
        team: 'default',
        from: '',
        action: 'configuration-published',
        object: 'plan 41',
        detail: 'ostiary.yaml',
      },
    ],
    next: null,
  }),
};
const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1.0.0', description: 'Orders of a small shop.' },
  servers: [{ url: 'http://127.0.0.1:8080/demo' }],
  tags: [{ name: 'orders' }],
  paths: {
    '/orders': {
      get: {
        operationId: 'listOrders',
        tags: ['orders'],
        summary: 'List orders',
        parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer' }, example: 10 }],
        responses: {
          200: {
            description: 'Orders',
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  properties: {
                    items: { type: 'array', items: { $ref: '#/components/schemas/Order' } },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
  components: {
    schemas: {
      Order: {
        type: 'object',
        required: ['id', 'product'],
        properties: {
          id: { type: 'integer' },
          product: { type: 'string' },
          quantity: { type: 'integer' },
        },
      },
    },
  },
};

const CAPTURES = () => [
  {
    id: '20261124-034455-1',
    by: 'admin',
    filter: 'dropped, source 203.0.113.0/24, snap 2048',
    started: iso(Date.now() - 90_000),
    ended: iso(Date.now() - 30_000),
    state: 'complete',
    why: 'its time of 60 s is over',
    packets: 3,
    bytes: 51220,
    lost: 0,
    bodiesKept: false,
    api: null,
    call: null,
  },
];

const packet = (number) => ({
  number,
  at: new Date(Date.now() - 60_000 + number * 3).toISOString(),
  interfaceName: 'eth0',
  out: number === 3,
  dropped: number === 1,
  comment: number === 1 ? 'dropped: deny-rule, rule 1' : '',
  source: number === 3 ? '198.18.0.1:8080' : '203.0.113.7:40000',
  destination: number === 3 ? '203.0.113.7:40000' : '198.18.0.1:8080',
  summary: number === 3 ? 'TCP 8080 → 40000 [SYN, ACK]' : 'TCP 40000 → 8080 [SYN]',
  wire: 54,
  captured: 54,
  call: number === 1 ? null : '05x9k2m4n6p8q',
});

const field = (name, label, value, offset, length) => ({ name, label, value, offset, length });

const anatomy = (number) => ({
  line: packet(number),
  layers: [
    {
      part: 'header',
      protocol: 'eth',
      title: 'Ethernet 02:00:00:00:00:02 → 02:00:00:00:00:01',
      offset: 0,
      length: 14,
      fields: [
        field('eth.dst', 'destination', '02:00:00:00:00:01', 0, 6),
        field('eth.src', 'source', '02:00:00:00:00:02', 6, 6),
        field('eth.type', 'type', '0x0800 (IPv4)', 12, 2),
      ],
    },
    {
      part: 'header',
      protocol: 'ip',
      title: 'IPv4 203.0.113.7 → 198.18.0.1',
      offset: 14,
      length: 20,
      fields: [
        field('ip.version', 'version', '4', 14, 1),
        field('ip.src', 'source', '203.0.113.7', 26, 4),
        field('ip.dst', 'destination', '198.18.0.1', 30, 4),
      ],
    },
    {
      part: 'header',
      protocol: 'tcp',
      title: 'TCP 40000 → 8080 [SYN]',
      offset: 34,
      length: 20,
      fields: [
        field('tcp.srcport', 'source port', '40000', 34, 2),
        field('tcp.dstport', 'destination port', '8080', 36, 2),
      ],
    },
    {
      part: 'footer',
      protocol: 'fcs',
      title: 'Frame check sequence 0x1b2c3d4e, computed: the device delivers none',
      offset: 54,
      length: 0,
      fields: [field('eth.fcs', 'CRC-32', '0x1b2c3d4e', 54, 0)],
    },
  ],
  hex: '02000000000102000000000208004500002800004000400600000cb0071c61200019c401f900000000100000000500271100000000',
  note: '',
});

export function answer(path, query) {
  if (/^\/api\/v1\/captures\/[^/]+$/.test(path)) return CAPTURES()[0];
  if (path.endsWith('/packets')) return { items: [1, 2, 3].map(packet), next: null };
  if (path.includes('/packets/')) return anatomy(Number(path.split('/').at(-1)));
  if (ROUTES[path]) return ROUTES[path](query);
  if (path.endsWith('/openapi.json')) return DOCUMENT;
  if (path.startsWith('/api/v1/calls/')) return call(path.slice(14));
  if (path.endsWith('/credentials'))
    return {
      items: [
        {
          id: 'd_1',
          consumer: 'c',
          kind: 'password',
          shown: 'acme-batch',
          algorithm: null,
          createdAt: iso(Date.now() - 9e8),
          secret: null,
        },
      ],
    };
  if (path.endsWith('/keys'))
    return {
      items: [
        {
          id: 'k_1',
          consumer: 'c',
          name: 'laptop',
          last4: '9dKx',
          createdAt: iso(Date.now() - 9e8),
          expiresAt: null,
          revokedAt: null,
          state: 'active',
        },
      ],
    };
  const api = APIS().find((each) => path === `/api/v1/apis/${each.name}`);
  return (
    api && {
      summary: api,
      file: 'orders.yaml',
      policies: [
        {
          name: 'rate-limit',
          settings: { requests: 100, per: '1m', by: 'consumer' },
          documented: [
            {
              name: 'requests',
              fallback: '',
              required: true,
              about: 'How many requests a caller may make.',
            },
            { name: 'per', fallback: '1m', required: false, about: 'In which time, 1ms to 31d.' },
          ],
        },
      ],
      routes: [
        {
          id: 'listOrders',
          methods: ['GET'],
          path: '/demo/orders',
          operation: 'listOrders',
          policies: [],
        },
        {
          id: 'createOrder',
          methods: ['POST'],
          path: '/demo/orders',
          operation: 'createOrder',
          policies: [{ name: 'key-auth', settings: {}, documented: [] }],
        },
      ],
    }
  );
}

export function created(path) {
  return path.endsWith('/keys')
    ? {
        id: 'k_2',
        consumer: 'c',
        name: '',
        last4: '9dKx',
        createdAt: iso(Date.now()),
        expiresAt: null,
        revokedAt: null,
        state: 'active',
        key: 'ost_5HqYxM2rVtB8nKpL3wZcF7gJ4dS6aE1uQ9dKx',
      }
    : {
        id: 'c_new',
        name: 'new',
        team: 'default',
        groups: [],
        tags: [],
        createdAt: iso(Date.now()),
        keys: 0,
        credentials: 0,
      };
}

function target(name, state, why, share, latencyMicros) {
  return {
    target: name,
    weight: 1,
    zone: 'east',
    priority: 0,
    state,
    why,
    share,
    ramp: 1,
    inFlight: latencyMicros === null ? 0 : 2,
    latencyMicros,
    serverMicros: latencyMicros === null ? null : latencyMicros - 240,
    roundTripMicros: latencyMicros === null ? null : 240,
    loss: latencyMicros === null ? null : 0.001,
    ejections: state === 'unhealthy' ? 1 : 0,
  };
}
