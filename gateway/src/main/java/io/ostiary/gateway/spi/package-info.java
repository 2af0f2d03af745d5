/// What a policy sees of the data plane: the only package of this room that others know. Nothing in
/// it shows Netty. Everything here is called on the event loop that owns the exchange, and must
/// neither block nor keep a reference to an exchange after its end.
@NullMarked
package io.ostiary.gateway.spi;

import org.jspecify.annotations.NullMarked;
