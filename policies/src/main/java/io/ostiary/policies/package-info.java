@NullMarked
package io.ostiary.policies;

import org.jspecify.annotations.NullMarked;
