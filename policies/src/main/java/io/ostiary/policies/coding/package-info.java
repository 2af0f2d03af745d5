/// Content codings (RFC 9110 section 8.4.1), piece by piece in both directions.
@NullMarked
package io.ostiary.policies.coding;

import org.jspecify.annotations.NullMarked;
