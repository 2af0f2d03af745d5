/// What people and the system create while Ostiary runs: consumers, keys, bans, sessions and the
/// audit, in one database. The data plane never reads it; it serves from the last snapshot.
@NullMarked
package io.ostiary.control.records;

import org.jspecify.annotations.NullMarked;
