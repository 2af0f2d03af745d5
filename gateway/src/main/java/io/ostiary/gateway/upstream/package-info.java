/// Those who can answer: targets, their health, the choice among them, and pooled connections.
@NullMarked
package io.ostiary.gateway.upstream;

import org.jspecify.annotations.NullMarked;
