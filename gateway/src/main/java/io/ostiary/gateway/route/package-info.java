/// From a path to the route that answers it.
@NullMarked
package io.ostiary.gateway.route;

import org.jspecify.annotations.NullMarked;
