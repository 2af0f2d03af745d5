@NullMarked
package io.ostiary.kernel;

import org.jspecify.annotations.NullMarked;
