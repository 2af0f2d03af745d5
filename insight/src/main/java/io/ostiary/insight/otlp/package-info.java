/// Spans and metrics for an OpenTelemetry collector, by OTLP over HTTP.
@NullMarked
package io.ostiary.insight.otlp;

import org.jspecify.annotations.NullMarked;
