/// How messages look on a connection: heads, bodies and their framing, read strictly (RFC 9112) and
/// without an object per field.
@NullMarked
package io.ostiary.gateway.wire;

import org.jspecify.annotations.NullMarked;
