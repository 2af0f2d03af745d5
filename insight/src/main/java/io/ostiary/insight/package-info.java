@NullMarked
package io.ostiary.insight;

import org.jspecify.annotations.NullMarked;
