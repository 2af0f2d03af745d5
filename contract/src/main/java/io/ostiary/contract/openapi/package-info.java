/// OpenAPI 3.0, 3.1 and 3.2: documents read with positions, and what they demand of a request.
@NullMarked
package io.ostiary.contract.openapi;

import org.jspecify.annotations.NullMarked;
