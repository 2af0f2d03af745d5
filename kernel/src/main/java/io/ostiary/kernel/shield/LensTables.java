package io.ostiary.kernel.shield;

import io.ostiary.kernel.libbpf.BpfTable;

/// Where the lens keeps connections, for whoever else knows something of their packets.
///
/// @param tuples cookies by a tag of both ends
/// @param records by cookie
/// @param seed of the tags
public record LensTables(BpfTable tuples, BpfTable records, long seed) {}
