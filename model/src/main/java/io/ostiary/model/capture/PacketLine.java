package io.ostiary.model.capture;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A captured packet as one line of a table.
///
/// @param number in its capture, from 1
/// @param comment verdict, reason and rule, as the file says it
/// @param dropped by the shield
/// @param summary protocol and what it says, such as `TCP 51234 → 8080 [SYN]`
/// @param wire length of the whole frame
/// @param captured how many bytes of it are kept
public record PacketLine(
    long number,
    Instant at,
    String interfaceName,
    boolean out,
    boolean dropped,
    String comment,
    String source,
    String destination,
    String summary,
    int wire,
    int captured,
    @Nullable String call) {}
