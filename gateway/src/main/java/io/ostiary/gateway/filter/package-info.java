/// Policies compiled for a route, and the order in which they run.
@NullMarked
package io.ostiary.gateway.filter;

import org.jspecify.annotations.NullMarked;
