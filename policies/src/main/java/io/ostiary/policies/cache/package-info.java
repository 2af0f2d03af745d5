/// The parts of the policy `cache`: what it keeps, and what RFC 9111 says of it.
@NullMarked
package io.ostiary.policies.cache;

import org.jspecify.annotations.NullMarked;
