/// Finds secrets in bodies and queries as they pass, and puts something else in their place.
@NullMarked
package io.ostiary.policies.masking;

import org.jspecify.annotations.NullMarked;
