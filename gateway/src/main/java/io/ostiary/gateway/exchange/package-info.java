/// One request and its response, under the plan it began with.
@NullMarked
package io.ostiary.gateway.exchange;

import org.jspecify.annotations.NullMarked;
