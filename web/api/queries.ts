import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type InfiniteData,
} from '@tanstack/react-query';
import { ask } from './http';
import type {
  AdminPath,
  Api,
  ApiList,
  AuditPage,
  Ban,
  BanPage,
  Call,
  CallPage,
  Capture,
  CapturePacket,
  CapturePackets,
  Captures,
  Consumer,
  ConsumerChange,
  ConsumerPage,
  CreatedKey,
  Credential,
  CredentialList,
  Flood,
  FlowList,
  Kernel,
  KeyList,
  NewBan,
  NewCapture,
  NewCredential,
  NewKey,
  Purge,
  QuotaReset,
  Quotas,
  RouteAnswer,
  RouteQuestion,
  Rules,
  RulePreview,
  RuleTrial,
  ServiceList,
  SnapshotState,
  SourceList,
  Stage,
  StageList,
  UpstreamList,
  Usage,
} from './generated';

type Params = Readonly<Record<string, string | number | undefined>>;

/** A page's data that is asked for again every few seconds while the page is looked at. */
function usePolled<T>(path: AdminPath, query: Params, everyMillis: number | false) {
  return useQuery<T>({
    queryKey: [path, query],
    queryFn: ({ signal }) => ask<T>(path, { query, signal }),
    refetchInterval: everyMillis,
    placeholderData: keepPreviousData,
  });
}

export const useSources = (every: number | false) =>
  usePolled<SourceList>('/api/v1/sources', { limit: 200 }, every);
export const useFlood = (every: number | false) =>
  usePolled<Flood>('/api/v1/sources/flood', { limit: 300 }, every);
export const useFlows = (source: string | undefined, every: number | false) =>
  usePolled<FlowList>('/api/v1/flows', { limit: 200, source }, every);
export const useKernel = (every: number | false) => usePolled<Kernel>('/api/v1/kernel', {}, every);
export const useStages = (every: number | false) =>
  usePolled<StageList>('/api/v1/kernel/stages', {}, every);
export const useRules = (every: number | false = 2_000) =>
  usePolled<Rules>('/api/v1/rules', {}, every);
/** Asked while a rule is typed, and once in a while after that, as packets go on. */
export const useRulePreview = (rule: string) =>
  useQuery<RulePreview>({
    queryKey: ['/api/v1/rules/preview', rule],
    queryFn: ({ signal }) => ask<RulePreview>('/api/v1/rules/preview', { query: { rule }, signal }),
    enabled: rule !== '',
    refetchInterval: 10_000,
    placeholderData: keepPreviousData,
  });
/** Asked again often enough that a trial which begins elsewhere is seen in time. */
export const useTrial = () => usePolled<RuleTrial>('/api/v1/rules/trial', {}, 2_000);
export const useApis = () => usePolled<ApiList>('/api/v1/apis', {}, 5_000);
export const useUpstreams = () => usePolled<UpstreamList>('/api/v1/upstreams', {}, 2_000);
export const useServices = () => usePolled<ServiceList>('/api/v1/services', {}, 1_000);
export const useSnapshot = () => usePolled<SnapshotState>('/api/v1/snapshot', {}, 5_000);
export const useConsumers = (q: string) =>
  usePolled<ConsumerPage>('/api/v1/consumers', { limit: 200, q }, 10_000);
export const useUsage = (by: 'api' | 'consumer') =>
  usePolled<Usage>('/api/v1/usage', { by }, 30_000);
export const useBans = (state: 'active' | 'all') =>
  usePolled<BanPage>('/api/v1/bans', { state, limit: 100 }, 5_000);

export const useCaptures = (every: number | false) =>
  usePolled<Captures>('/api/v1/captures', {}, every);

export function useCapture(capture: string, every: number | false) {
  return useQuery<Capture>({
    queryKey: ['/api/v1/captures', capture],
    queryFn: ({ signal }) =>
      ask<Capture>('/api/v1/captures/{capture}', { path: { capture }, signal }),
    refetchInterval: (query) => (query.state.data?.state === 'running' ? every : false),
  });
}

/** @param known how many packets there are now; more of them are a new question */
export function useCapturePackets(capture: string, after: number, known: number) {
  return useQuery<CapturePackets>({
    queryKey: ['/api/v1/captures', capture, 'packets', after, Math.min(known, after + 200)],
    queryFn: ({ signal }) =>
      ask<CapturePackets>('/api/v1/captures/{capture}/packets', {
        path: { capture },
        query: { after, limit: 200 },
        signal,
      }),
    placeholderData: keepPreviousData,
  });
}

export function useCapturePacket(capture: string, packet: string) {
  return useQuery<CapturePacket>({
    queryKey: ['/api/v1/captures', capture, 'packet', packet],
    queryFn: ({ signal }) =>
      ask<CapturePacket>('/api/v1/captures/{capture}/packets/{packet}', {
        path: { capture, packet },
        signal,
      }),
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
}

export function useApi(name: string) {
  return useQuery<Api>({
    queryKey: ['/api/v1/apis', name],
    queryFn: ({ signal }) => ask<Api>('/api/v1/apis/{api}', { path: { api: name }, signal }),
    refetchInterval: 5_000,
  });
}

export function useCall(call: string) {
  return useQuery<Call>({
    queryKey: ['/api/v1/calls', call],
    queryFn: ({ signal }) => ask<Call>('/api/v1/calls/{call}', { path: { call }, signal }),
    staleTime: Infinity,
  });
}

/** Lists that are paged by cursor, the newest first. */
function usePages<T extends { readonly next: string | null }>(path: AdminPath, query: Params) {
  return useInfiniteQuery<T, Error, InfiniteData<T>, readonly unknown[], string | undefined>({
    queryKey: [path, 'pages', query],
    initialPageParam: undefined,
    queryFn: ({ pageParam, signal }) =>
      ask<T>(path, { query: { ...query, cursor: pageParam }, signal }),
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

export const useCallPages = (query: Params) =>
  usePages<CallPage>('/api/v1/calls', { limit: 100, ...query });
export const useAuditPages = () => usePages<AuditPage>('/api/v1/audit', { limit: 100 });

export function useKeys(consumer: string) {
  return useQuery<KeyList>({
    queryKey: ['/api/v1/consumers', consumer, 'keys'],
    queryFn: ({ signal }) =>
      ask<KeyList>('/api/v1/consumers/{consumer}/keys', { path: { consumer }, signal }),
  });
}

export function useCredentials(consumer: string) {
  return useQuery<CredentialList>({
    queryKey: ['/api/v1/consumers', consumer, 'credentials'],
    queryFn: ({ signal }) =>
      ask<CredentialList>('/api/v1/consumers/{consumer}/credentials', {
        path: { consumer },
        signal,
      }),
  });
}

/** A change of the gateway's records; whatever shows records asks again afterwards. */
function useChange<Argument, Result>(change: (argument: Argument) => Promise<Result>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () =>
      client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'session' }),
  });
}

export const useQuotas = () => usePolled<Quotas>('/api/v1/quotas', {}, 5_000);
export const useResetQuota = () =>
  useChange((reset: QuotaReset) =>
    ask<void>('/api/v1/quotas/reset', { method: 'POST', body: reset }),
  );
export const usePurgeCache = () =>
  useChange(({ api, what }: { api: string; what: Purge }) =>
    ask<void>('/api/v1/apis/{api}/purge', {
      method: 'POST',
      path: { api },
      body: what,
    }),
  );

export const useCreateConsumer = () =>
  useChange((name: string) =>
    ask<Consumer>('/api/v1/consumers', { method: 'POST', body: { name } }),
  );
export const useChangeConsumer = () =>
  useChange(({ consumer, change }: { consumer: string; change: ConsumerChange }) =>
    ask<Consumer>('/api/v1/consumers/{consumer}', {
      method: 'PATCH',
      path: { consumer },
      body: change,
    }),
  );
export const useCreateCredential = () =>
  useChange(({ consumer, credential }: { consumer: string; credential: NewCredential }) =>
    ask<Credential>('/api/v1/consumers/{consumer}/credentials', {
      method: 'POST',
      path: { consumer },
      body: credential,
    }),
  );
export const useDeleteCredential = () =>
  useChange(({ consumer, credential }: { consumer: string; credential: string }) =>
    ask<void>('/api/v1/consumers/{consumer}/credentials/{credential}', {
      method: 'DELETE',
      path: { consumer, credential },
    }),
  );
export const useDeleteConsumer = () =>
  useChange((consumer: string) =>
    ask<void>('/api/v1/consumers/{consumer}', { method: 'DELETE', path: { consumer } }),
  );
export const useCreateKey = () =>
  useChange(({ consumer, key }: { consumer: string; key: NewKey }) =>
    ask<CreatedKey>('/api/v1/consumers/{consumer}/keys', {
      method: 'POST',
      path: { consumer },
      body: key,
    }),
  );
export const useRevokeKey = () =>
  useChange(({ consumer, key }: { consumer: string; key: string }) =>
    ask<void>('/api/v1/consumers/{consumer}/keys/{key}', {
      method: 'DELETE',
      path: { consumer, key },
    }),
  );
export const useCreateBan = () =>
  useChange((ban: NewBan) => ask<Ban>('/api/v1/bans', { method: 'POST', body: ban }));
export const useDrain = () =>
  useChange(({ upstream, target, on }: { upstream: string; target: string; on: boolean }) =>
    ask<void>(
      on
        ? '/api/v1/upstreams/{upstream}/targets/{target}/drain'
        : '/api/v1/upstreams/{upstream}/targets/{target}/undrain',
      { method: 'POST', path: { upstream, target } },
    ),
  );
export const useTurnStage = () =>
  useChange(({ stage, on }: { stage: string; on: boolean }) =>
    ask<Stage>(on ? '/api/v1/kernel/stages/{stage}/on' : '/api/v1/kernel/stages/{stage}/off', {
      method: 'POST',
      path: { stage },
    }),
  );
export const useExtendBan = () =>
  useChange(({ ban, seconds }: { ban: string; seconds: number }) =>
    ask<Ban>('/api/v1/bans/{ban}', { method: 'PATCH', path: { ban }, body: { seconds } }),
  );
export const useLiftBan = () =>
  useChange((ban: string) => ask<void>('/api/v1/bans/{ban}', { method: 'DELETE', path: { ban } }));

export type TrialAction = 'confirm' | 'rollback' | 'retry';

export const useTrialAction = () =>
  useChange((action: TrialAction) => ask<RuleTrial>(`/api/v1/rules/${action}`, { method: 'POST' }));
/** Changes nothing, so nothing is asked again. */
export const useRouteOf = () =>
  useMutation({
    mutationFn: (question: RouteQuestion) =>
      ask<RouteAnswer>('/api/v1/route', { method: 'POST', body: question }),
  });
export const useStartCapture = () =>
  useChange((wish: NewCapture) => ask<Capture>('/api/v1/captures', { method: 'POST', body: wish }));
export const useStopCapture = () =>
  useChange((capture: string) =>
    ask<Capture>('/api/v1/captures/{capture}/stop', { method: 'POST', path: { capture } }),
  );
export const useDeleteCapture = () =>
  useChange((capture: string) =>
    ask<void>('/api/v1/captures/{capture}', { method: 'DELETE', path: { capture } }),
  );
