/// Calls of policies to services of their own: few, small, on virtual threads, never on an event
/// loop.
@NullMarked
package io.ostiary.gateway.outbound;

import org.jspecify.annotations.NullMarked;
