import { useLive } from '../../api/live';
import { Card, Dot, PageHead } from '../../parts/bits';
import { River } from '../../parts/river';
import { Skeleton } from '../../parts/states';
import { Charts } from './charts';
import { Tops } from './tops';

export const page = { path: '/', title: 'Now', nav: { order: 1, icon: 'now' } } as const;

const TONES = { quiet: 'passed', warning: 'warning', critical: 'error' } as const;

/** What is happening? */
export default function Now() {
  const { tick, window } = useLive();
  if (tick === null) {
    return (
      <>
        <PageHead title="Now" />
        <Skeleton rows={12} />
      </>
    );
  }
  return (
    <>
      <PageHead
        title="Now"
        sentence={<Dot tone={TONES[tick.state.level]}>{tick.state.sentence}</Dot>}
      />
      <Card className="river-card">
        <River river={tick.river} />
      </Card>
      <div className="now-grid">
        <Charts window={window} kernelSentence={tick.footer.kernelSentence} />
        <Tops top={tick.top} />
      </div>
    </>
  );
}
