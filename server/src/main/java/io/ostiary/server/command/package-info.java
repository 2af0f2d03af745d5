/// The command line: one class for each command. Every command but `run` and `check` asks a running
/// Ostiary through its admin API.
@NullMarked
package io.ostiary.server.command;

import org.jspecify.annotations.NullMarked;
