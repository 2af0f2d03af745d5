/// End-to-end tests: the built distribution as a process of its own, real clients and upstreams,
/// three hosts in network namespaces. They need root; where it is missing they skip and say so.
@NullMarked
package io.ostiary.server.e2e;

import org.jspecify.annotations.NullMarked;
