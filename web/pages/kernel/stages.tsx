import { useState } from 'react';
import type { Stage } from '../../api/generated';
import { useStages, useTurnStage } from '../../api/queries';
import { Card, Dot, Num } from '../../parts/bits';
import { bytes, exact } from '../../parts/numbers';
import { Answer, Empty, FailedWith } from '../../parts/states';
import { Table } from '../../parts/table';

/** Programs that users brought: what they did to packets, and a look into their maps. */
export function Stages({ every }: { every: number | false }) {
  const stages = useStages(every);
  const turn = useTurnStage();
  const [open, setOpen] = useState<string | null>(null);
  return (
    <Card title="Stages" aside="your own programs, before and after the rules">
      <Answer of={stages} rows={2}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No stage">
              Put an object (<code>NAME.bpf.o</code>) that follows <code>ostiary_stage.h</code> into
              the folder of <code>kernel: stages: folder:</code>; it runs within a second.
            </Empty>
          ) : (
            <>
              <Table
                label="Stages"
                rows={items}
                rowKey={(stage) => stage.name}
                columns={[
                  {
                    name: 'stage',
                    wide: true,
                    cell: (stage) => (
                      <>
                        <b>{stage.name}</b> <span className="faint">{stage.title}</span>
                        {stage.sentence !== '' && (
                          <div className="stage-sentence">{stage.sentence}</div>
                        )}
                      </>
                    ),
                  },
                  { name: 'state', cell: (stage) => <State stage={stage} /> },
                  { name: 'place', cell: place },
                  { name: 'met', unit: 'packets', number: true, cell: met },
                  { name: 'dropped', unit: 'packets by reason', cell: dropped },
                  { name: 'modified', unit: 'packets', number: true, cell: modified },
                  {
                    name: 'maps',
                    number: true,
                    cell: (stage) =>
                      stage.maps.length === 0 ? (
                        '0'
                      ) : (
                        <button
                          type="button"
                          className="plain-button small"
                          aria-expanded={stage.name === open}
                          onClick={() => setOpen(stage.name === open ? null : stage.name)}
                        >
                          {stage.maps.length}
                        </button>
                      ),
                  },
                  {
                    name: '',
                    number: true,
                    cell: (stage) => (
                      <button
                        type="button"
                        className="plain-button small"
                        disabled={turn.isPending}
                        onClick={() =>
                          turn.mutate({ stage: stage.name, on: stage.state === 'off' })
                        }
                      >
                        {stage.state === 'off' ? 'Switch on' : 'Switch off'}
                      </button>
                    ),
                  },
                ]}
              />
              {turn.error !== null && <FailedWith error={turn.error} />}
              <Maps stage={items.find((stage) => stage.name === open)} />
            </>
          )
        }
      </Answer>
    </Card>
  );
}

function State({ stage }: { stage: Stage }) {
  const tone = { running: 'passed', off: 'quiet', refused: 'dropped' } as const;
  return <Dot tone={tone[stage.state]}>{stage.state}</Dot>;
}

function place(stage: Stage) {
  const hooks = stage.hooks.join(', ');
  return stage.place === '' ? '' : `${stage.place} the rules (${hooks})`;
}

function met(stage: Stage) {
  return <Num value={stage.counts.met} unit="packets" />;
}

function modified(stage: Stage) {
  return <Num value={stage.counts.modified} unit="packets" />;
}

function dropped({ counts }: Stage) {
  const reasons = [...counts.reasons];
  if (counts.taken > 0) {
    reasons.push({ word: 'taken out by its own verdict', packets: counts.taken });
  }
  return reasons.length === 0 ? (
    <span className="faint">none</span>
  ) : (
    reasons.map((reason) => (
      <div key={reason.word}>
        <Dot tone="dropped">
          {reason.word} <Num value={reason.packets} unit="packets" />
        </Dot>
      </div>
    ))
  );
}

function Maps({ stage }: { stage: Stage | undefined }) {
  if (stage === undefined) {
    return null;
  }
  return (
    <Table
      label={`Maps of ${stage.name}`}
      rows={stage.maps}
      rowKey={(map) => map.name}
      columns={[
        { name: `map of ${stage.name}`, cell: (map) => <code>{map.name}</code> },
        { name: 'type', cell: (map) => map.type },
        { name: 'entries at most', number: true, cell: (map) => exact(map.entriesMax) },
        { name: 'memory', number: true, cell: (map) => bytes(map.bytes) },
        {
          name: 'first entries',
          wide: true,
          cell: (map) =>
            map.entries.length === 0 ? (
              <span className="faint">all 0, or not listed</span>
            ) : (
              <span className="mono">
                {map.entries.map((entry) => `${entry.key}: ${entry.value}`).join(', ')}
              </span>
            ),
        },
      ]}
    />
  );
}
