@NullMarked
package io.ostiary.bench;

import org.jspecify.annotations.NullMarked;
