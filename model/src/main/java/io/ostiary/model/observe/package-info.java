/// What is told to others about calls while they run: access logs, spans, metrics.
@NullMarked
package io.ostiary.model.observe;

import org.jspecify.annotations.NullMarked;
