/// What everything on one event loop shares: its clock, its deadlines, its ledger ring, its
/// transport.
@NullMarked
package io.ostiary.gateway.loop;

import org.jspecify.annotations.NullMarked;
