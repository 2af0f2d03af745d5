/// What both sides of the gateway share of TLS.
@NullMarked
package io.ostiary.gateway.tls;

import org.jspecify.annotations.NullMarked;
