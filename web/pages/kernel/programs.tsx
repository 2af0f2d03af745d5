import type { Kernel } from '../../api/generated';
import { Card, Dot } from '../../parts/bits';
import { bytes, exact } from '../../parts/numbers';
import { Empty } from '../../parts/states';
import { Table } from '../../parts/table';

/** The eBPF programs, what the verifier made of them, and their maps. */
export function Programs({
  kernel,
  open,
  onOpen,
}: {
  kernel: Kernel;
  open: string | null;
  onOpen: (name: string | null) => void;
}) {
  const shown = kernel.programs.find((program) => program.name === open);
  return (
    <Card title="Programs" aside={`${kernel.programs.length} eBPF programs`}>
      {kernel.programs.length === 0 ? (
        <Empty title="No program is loaded">{kernel.sentence}</Empty>
      ) : (
        <Table
          label="Programs"
          rows={kernel.programs}
          rowKey={(row) => row.name + row.hook}
          columns={[
            { name: 'program', cell: (row) => <b>{row.name}</b> },
            { name: 'hook', cell: (row) => row.hook },
            {
              name: 'state',
              cell: (row) => (
                <Dot tone={row.attached ? 'passed' : 'warning'}>
                  {row.attached ? 'attached' : 'not attached'}
                </Dot>
              ),
            },
            { name: 'why', wide: true, cell: (row) => row.why },
            { name: 'instructions', number: true, cell: (row) => exact(row.instructions) },
            {
              name: 'verified',
              unit: 'instructions on all ways',
              number: true,
              cell: (row) => exact(row.verified),
            },
            { name: 'machine code', number: true, cell: (row) => bytes(row.machineBytes) },
            { name: 'memory', number: true, cell: (row) => bytes(row.memoryBytes) },
            {
              name: 'maps',
              number: true,
              cell: (row) =>
                row.maps.length === 0 ? (
                  '0'
                ) : (
                  <button
                    type="button"
                    className="plain-button small"
                    aria-expanded={row.name === open}
                    onClick={() => onOpen(row.name === open ? null : row.name)}
                  >
                    {row.maps.length}
                  </button>
                ),
            },
          ]}
        />
      )}
      {shown !== undefined && (
        <Table
          label={`Maps of ${shown.name}`}
          rows={shown.maps}
          rowKey={(map) => map.name}
          columns={[
            { name: `map of ${shown.name}`, cell: (map) => <code>{map.name}</code> },
            { name: 'type', cell: (map) => map.type },
            { name: 'entries at most', number: true, cell: (map) => exact(map.entriesMax) },
            { name: 'memory', number: true, cell: (map) => bytes(map.bytes) },
          ]}
        />
      )}
    </Card>
  );
}
