/// The demo that runs where there is no configuration: an order service, its OpenAPI document and
/// the `ostiary.yaml` that publishes it.
@NullMarked
package io.ostiary.server.demo;

import org.jspecify.annotations.NullMarked;
