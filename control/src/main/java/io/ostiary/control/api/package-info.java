/// The admin API, one class for each noun of `openapi.yaml`.
@NullMarked
package io.ostiary.control.api;

import org.jspecify.annotations.NullMarked;
