package io.ostiary.gateway.exchange;

import io.ostiary.model.GatewaySettings;

/// What a call goes on needing of the plan that it began under, when its route is known and its
/// answer has begun: little, so that a tunnel or a stream that lives for days does not keep a table
/// of ten thousand routes alive that a reload has replaced long ago. Immutable.
record Terms(
    long version,
    GatewaySettings settings,
    AddressSet trustedProxies,
    Plan.Waits waits,
    PlanNotes notes) {}
