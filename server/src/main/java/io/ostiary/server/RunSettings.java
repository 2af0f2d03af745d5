package io.ostiary.server;

import io.ostiary.server.command.ControlAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// What the command line asked for.
///
/// @param config null: the demo
/// @param loops event loops of the data plane, at least 1
/// @param takeOver whether a process that uses the same data is asked to end, and to leave its
///   kernel programs for this one
public record RunSettings(
    @Nullable Path config, Path data, ControlAddress control, int loops, boolean takeOver) {}
