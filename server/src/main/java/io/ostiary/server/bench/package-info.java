/// Measurements of the whole process's parts that need no other program; run by `./ostiary bench`.
@NullMarked
package io.ostiary.server.bench;

import org.jspecify.annotations.NullMarked;
