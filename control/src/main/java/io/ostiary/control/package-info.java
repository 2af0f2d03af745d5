@NullMarked
package io.ostiary.control;

import org.jspecify.annotations.NullMarked;
