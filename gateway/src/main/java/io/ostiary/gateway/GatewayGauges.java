package io.ostiary.gateway;

/// What the data plane counts, over all event loops, at one moment.
///
/// @param accepted client connections since the start
/// @param open client connections now
/// @param inFlight exchanges that have begun and not ended
/// @param bannedCloses connections closed because their source is banned
/// @param proxyRefused connections closed for want of a valid PROXY header, or of the right to one
/// @param handshakes of TLS that came about
/// @param handshakesFailed those that did not
/// @param upstreamOpen connections to upstreams, those at rest included
/// @param ledgerLost exchanges whose line the ledger had no room for
public record GatewayGauges(
    long accepted,
    long open,
    long inFlight,
    long bannedCloses,
    long proxyRefused,
    long handshakes,
    long handshakesFailed,
    long upstreamOpen,
    long ledgerLost) {}
