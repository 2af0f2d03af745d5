/// Client connections, their event loops, and the only Netty handlers for them.
@NullMarked
package io.ostiary.gateway.connection;

import org.jspecify.annotations.NullMarked;
