/// Stand-ins for the data plane, so that a policy is tested without sockets. Used by tests only,
/// here and in users' own policies.
@NullMarked
package io.ostiary.gateway.testing;

import org.jspecify.annotations.NullMarked;
