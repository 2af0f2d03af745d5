import { useState } from 'react';
import { useLive } from '../../api/live';
import { useKernel } from '../../api/queries';
import { Card, Dot, Fact, PageHead, Share } from '../../parts/bits';
import { bytes, exact } from '../../parts/numbers';
import { Answer } from '../../parts/states';
import { Trial } from '../../parts/trial';
import { Interfaces } from './interfaces';
import { Programs } from './programs';
import { Stages } from './stages';

export const page = {
  path: '/kernel',
  title: 'Kernel',
  nav: { order: 4.5, icon: 'kernel' },
} as const;

/** What runs in the kernel, where, why so, and what it takes. */
export default function KernelPage() {
  const { paused } = useLive();
  const kernel = useKernel(paused ? false : 2_000);
  const [open, setOpen] = useState<string | null>(null);
  return (
    <Answer of={kernel}>
      {(data) => (
        <>
          <PageHead
            title="Kernel"
            sentence={
              <Dot tone={data.running ? (data.dryRun ? 'warning' : 'passed') : 'quiet'}>
                {data.sentence}
              </Dot>
            }
          />
          <Trial />
          <Card>
            <dl className="facts">
              <Fact name="kernel">{data.kernelRelease}</Fact>
              <Fact name="libbpf">{data.libbpfVersion ?? 'absent'}</Fact>
              <Fact name="rule set" title="Grows with every set that came into force">
                {data.rulesVersion}
              </Fact>
              <Fact
                name="memory of all maps"
                title={`${exact(data.memoryBytes)} of at most ${exact(data.memoryBytesMax)} bytes`}
              >
                {bytes(data.memoryBytes)}{' '}
                <span className="faint">of {bytes(data.memoryBytesMax)}</span>{' '}
                <Share
                  value={data.memoryBytes / data.memoryBytesMax}
                  tone={data.memoryBytes > data.memoryBytesMax ? 'error' : 'passed'}
                />
              </Fact>
            </dl>
          </Card>
          <Interfaces kernel={data} />
          <Stages every={paused ? false : 2_000} />
          <Programs kernel={data} open={open} onOpen={setOpen} />
        </>
      )}
    </Answer>
  );
}
