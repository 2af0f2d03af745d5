/// What `/metrics` shows. The names are documented in `docs/metrics.md`.
@NullMarked
package io.ostiary.insight.meter;

import org.jspecify.annotations.NullMarked;
